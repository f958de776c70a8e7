import Daemon
import Foundation
import GRDB
import Ledger
import Synchronization
import TestSupport
import Testing
import Watching

@Suite(.timeLimit(.minutes(5))) struct NeedsPersonTests {
    private func report(_ bench: DaemonBench) async throws -> StatusReport {
        try await StatusReport(
            bench.ledger(), stateDirectory: bench.space("state"), directories: [], clock: bench.clock)
    }

    @Test(
        "Places that cannot be read need a person until they can be, and those of a tree that is away are not told of")
    func unreadable() async throws {
        let bench = try DaemonBench()
        let watcher = try #require(bench.announcers["lab-a"])
        try await bench.run {
            let closed = UnreadablePlaces.Place(path: "day/closed", reason: "Permission denied")
            await watcher.say(.unread(.init(count: 3, first: [closed])))
            let told = try await report(bench)
            let needs = try #require(told.needsPerson.first)
            #expect(told.needsPerson.count == 1)
            for word in ["lab-a", bench.space("lab-a/day/closed"), "2 other places", "Permission denied", "account"] {
                #expect(needs.contains(word), "\(needs)")
            }
            #expect(told.lines().first?.contains("day/closed") == true, "it comes first")
            #expect(told.roots.first { $0.lab == "lab-a" }?.unreadable?.count == 3)
            await watcher.say(.unhealthy(reason: "unmounted"))
            let away = try await report(bench)
            #expect(away.needsPerson.count == 1 && away.needsPerson[0].contains("unmounted"))
            await watcher.say(.healthy)
            await watcher.say(.unread(.init(count: 0, first: [])))
            let over = try await report(bench)
            #expect(over.needsPerson == [] && !over.lines().contains { $0.contains("closed") })
        }
    }

    @Test("A ledger whose file is not the one at its path any more is lost at the next look, said once with its path")
    func displaced() async throws {
        for isReplaced in [false, true] {
            let (space, events, clock) = (try Workspace(), Events(), ManualClock())
            let ledger = try Ledger.open(stateDirectory: space.path)
            let path = space(Ledger.fileName)
            let stop = Mutex(0)
            let watch = LedgerWatch(
                stateDirectory: space.path, clock: clock, log: events.log, onLost: { _ in stop.withLock { $0 += 1 } })
            #expect(ledger.loss == nil)
            let watching = Task { await watch.watch(ledger) }
            if isReplaced {
                try space.write("another", to: "other")
                #expect(rename(space("other"), path) == 0)
            } else {
                try FileManager.default.removeItem(atPath: path)
            }
            while !watch.isLost {
                clock.advance(milliseconds: LedgerWatch.lookMilliseconds)
                try await Task.sleep(for: .milliseconds(1))
            }
            await watching.value
            #expect(stop.withLock { $0 } == 1 && events.count("ledger-lost") == 1)
            let said = try #require(events.all.first)
            #expect(said.level == .critical && said.message.contains(path), "\(said.message)")
            #expect(said.message.contains(isReplaced ? "another file" : "gone"), "\(said.message)")
            try ledger.close()
        }
    }

    @Test(
        "A trouble with the ledger that may pass is said with its file and what to do",
        arguments: [
            (ResultCode.SQLITE_FULL, "make room"), (.SQLITE_BUSY, "another process"), (.SQLITE_READONLY, "account"),
            (.SQLITE_IOERR, "disk"), (.SQLITE_NOMEM, "disk"),
        ])
    func passing(code: ResultCode, remedy: String) throws {
        let events = Events()
        let watch = LedgerWatch(stateDirectory: "/state", clock: ManualClock(), log: events.log, onLost: { _ in })
        #expect(!watch.failed(DatabaseError(resultCode: code), .writing, retryMilliseconds: 500))
        let said = try #require(events.all.first).message
        #expect(said.contains("/state/\(Ledger.fileName) cannot be written") && said.contains(remedy), "\(said)")
    }
}
