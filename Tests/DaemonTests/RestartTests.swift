import Config
import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing
import Watching

@Suite(.timeLimit(.minutes(15))) struct RestartTests {
    @Test("A commit that the ledger did not learn of is recognized by its sidecar, and nothing is worked out again")
    func recovered() async throws {
        let first = try DaemonBench()
        try await first.run(untilDone: "x.png")
        let inode = first.inode("out/lab-a/x.png")
        let before = try #require(try await first.row("x.png"))
        let command = try Ledger.open(forCommandIn: first.space("state"), writing: true)
        #expect(try await command.reprocess(.init(profile: "lab-a"), now: first.clock.now) == 1)
        let second = try DaemonBench(space: first.space)
        try await second.run { await second.events.wait(for: "done") }
        let done = try #require(second.events.all.first { $0.kind == .done })
        #expect(done.message.contains(": recovered, "), "\(done.message)")
        #expect(second.shelf.state.withLock { $0.rendered } == [])
        #expect(second.inode("out/lab-a/x.png") == inode)
        #expect(try await second.counts().done == 1)
        // A look that made nothing tells nothing of how long work takes, and ends nothing.
        let after = try #require(try await second.row("x.png"))
        #expect(before.finishedAt != nil && after.finishedAt == before.finishedAt && after.waited == before.waited)
        #expect(before.durationMilliseconds != nil && after.durationMilliseconds == before.durationMilliseconds)
    }

    @Test(
        "A stop gives back what does not end within the grace time, as if it had not been begun, and a restart does it")
    func givenBack() async throws {
        let first = try DaemonBench()
        for number in 1...3 { try first.write("\(number).png", seed: UInt64(number)) }
        first.shelf.brake.hold()
        try await first.run(grace: 50) {
            try await first.announce("1.png", "2.png", "3.png")
            while first.shelf.state.withLock({ $0.rendered.count }) < 2 { await Task.yield() }
        }
        #expect(first.events.all.contains(.stopped(finished: 0, givenBack: 2)))
        #expect(try await first.counts().pending == 3)
        for number in 1...3 {
            let row = try #require(try await first.row("\(number).png"))
            #expect(row.attempts == 0)
            #expect(!row.inProgress)
        }
        // The engine's threads go on after the stop; what they come to is dropped.
        first.shelf.brake.release()
        let second = try DaemonBench(space: first.space)
        try await second.run { await second.events.wait(for: "done", count: 3) }
        #expect(second.events.count("attempts-died") == 0)
        #expect(try await second.counts().done == 3)
        #expect(second.space.files(in: "out").count == 6)
    }

    @Test("A stop lets end what ends within the grace time")
    func finished() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png")
        bench.shelf.brake.hold()
        try await bench.run {
            try await bench.announce("x.png")
            while bench.shelf.state.withLock({ $0.rendered.isEmpty }) { await Task.yield() }
            Task {
                await bench.events.wait(for: "stopping")
                bench.shelf.brake.release()
            }
        }
        #expect(bench.events.all.contains(.stopped(finished: 1, givenBack: 0)))
        #expect(try await bench.counts().done == 1)
    }

    @Test("A capture during whose attempt the daemon died is worked on apart", arguments: [nil, 11 as Int32])
    func suspect(signal: Int32?) async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock, loss: signal.map { .died(signal: $0) })
        try bench.write("x.png")
        do {
            let ledger = try Ledger.open(stateDirectory: bench.space("state"))
            let row = try await bench.enter("x.png", in: ledger)
            _ = try #require(try await ledger.claim(row.id))
            _ = try #require(try await ledger.reserve(row.id, outputs: [Array("lab-a/x.png".utf8)]))
            try ledger.close()
        }
        try bench.space.write("half", to: "out/lab-a/.nctd-1234.tmp")
        try await bench.run { try await DaemonTests.advance(clock, until: bench, signal == nil ? "done" : "failed") }
        #expect(bench.events.all.contains(.attemptsDied(count: 1)))
        #expect(bench.pool?.asked.withLock { $0 } == (signal == nil ? 1 : 3))
        let row = try #require(try await bench.row("x.png"))
        #expect(row.state == (signal == nil ? .done : .failed))
        #expect(row.failure?.code == (signal == nil ? nil : "crashed"))
        #expect(!bench.space.files(in: "out").contains { $0.contains(".tmp") }, "what the dead process left is gone")
    }

    @Test("A damaged ledger is set aside and rebuilt from the sidecars, and what is known is not worked out again")
    func damagedLedger() async throws {
        let first = try DaemonBench()
        try first.write("x.png", seed: 1)
        try first.write("sub/y.png", seed: 2)
        first.shelf.state.withLock { $0.deliveries["lab-b"] = .held }
        try first.write("z.png", lab: "lab-b", seed: 3)
        try await first.run {
            try await first.announce("x.png", "sub/y.png")
            try await first.finish("z.png", lab: "lab-b", done: 3)
        }
        let before = try await first.row("x.png")
        try first.space.write("this was a ledger once, but a disk failed under it", to: "state/ledger.sqlite")
        let second = try DaemonBench(space: first.space)
        try await second.run {
            try await second.announce("x.png", "sub/y.png")
            try await second.announce("z.png", lab: "lab-b")
            #expect(try await second.counts().done == 3)
            #expect(try await second.counts().seen == 3)
        }
        #expect(second.events.count("ledger-set-aside") == 1)
        #expect(second.events.all.contains(.ledgerRebuilt(captures: 3, copies: 0, copy: nil)))
        #expect(second.shelf.state.withLock { $0.rendered } == [])
        let after = try await second.row("x.png")
        #expect(after?.digest == before?.digest)
        #expect(after?.identity == before?.identity)
        #expect(after?.output == before?.output)
        #expect(try await second.row("z.png", lab: "lab-b")?.output == Array("lab-b/z.png".utf8))
        #expect(second.space.files(in: "state").contains { $0.hasPrefix("ledger.sqlite.damaged-") })
    }

    @Test("A second daemon on the same state directory is refused")
    func second() async throws {
        let bench = try DaemonBench()
        try await bench.run {
            let other = try DaemonBench(space: bench.space)
            await #expect {
                let parts = DaemonService.Parts(
                    roots: RootParts(
                        watcher: { _, _ in Announcer() }, source: { DirectorySource(root: $0.path) },
                        ignoringRule: { _ in { _ in nil } }), processors: { _, _ in CopyingShelf() })
                try await DaemonService(
                    configuration: other.configuration, version: "test", parts: parts, log: other.events.log
                ).run()
            } throws: { error in
                (error as? LedgerError)?.code == .locked && "\(error)".contains("\(getpid())")
            }
        }
    }

    @Test("A pause that a daemon died in is not told of the next one")
    func stalePause() async throws {
        let bench = try DaemonBench()
        let before = try Ledger.open(stateDirectory: bench.space("state"))
        try await before.setPauses([PauseRow(what: "the output", reason: "the disk is full", since: 0)])
        try before.close()
        try bench.write("x.png")
        try await bench.run {
            try await bench.finish("x.png")
            #expect(try await bench.ledger().pauses() == [])
        }
    }

    @Test("Without room the daemon waits, says so once, and goes on by itself")
    func freeSpace() async throws {
        let bench = try DaemonBench { $0.output.minimumFreeMebibytes = 1 << 30 }
        try bench.write("x.png")
        try await bench.run {
            try await bench.announce("x.png")
            await bench.events.wait(for: "paused")
            #expect(try await bench.row("x.png")?.state == .pending)
        }
        // Each tree once.
        let paused = bench.events.all.filter { $0.kind == .paused }.map { $0[.place] }
        #expect(!paused.isEmpty && Set(paused).count == paused.count, "\(paused)")
        #expect(bench.space.files(in: "out") == [])
    }
}
