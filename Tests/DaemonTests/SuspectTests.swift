import Config
import Daemon
import Foundation
import Ledger
import Synchronization
import TestSupport
import Testing
import Watching

/// Captures during whose work the daemon died.
@Suite(.timeLimit(.minutes(15))) struct SuspectTests {
    /// A ledger as so many processes left it that died while x.png was in work.
    private func die(_ times: Int, in bench: DaemonBench) async throws {
        let ledger = try Ledger.open(stateDirectory: bench.space("state"))
        let row = try await bench.enter("x.png", in: ledger)
        for number in 1...times {
            _ = try #require(try await ledger.claim(row.id))
            // The last one is found by the start itself.
            if number < times { #expect(try await ledger.takeOver(boot: "boot", now: bench.clock.now) == 1) }
        }
        try ledger.close()
    }

    @Test("A capture is claimed before its file is looked at, so that a death in the look is charged to it")
    func claimedFirst() async throws {
        let bench = try DaemonBench()
        try bench.write("x.png")
        let brake = Brake()
        let looks = Counter()
        brake.hold()
        bench.sources["lab-a"]?.troubles.withLock {
            $0.onLook = { _ in
                looks.add()
                brake.pass()
            }
        }
        try await bench.run {
            try await bench.announce("x.png")
            while looks.count == 0 { await Task.yield() }
            let row = try #require(try await bench.row("x.png"))
            #expect(row.inProgress && row.attempts == 1)
            brake.release()
            await bench.events.wait(for: "done")
        }
        #expect(try await bench.row("x.png")?.attempts == 1)
    }

    @Test("After a death in the look the capture is worked on apart, and quarantined after the third process it cost")
    func apart() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock, loss: .died(signal: 4))
        try bench.write("x.png")
        try await die(1, in: bench)
        let looks = Counter()
        bench.sources["lab-a"]?.troubles.withLock {
            $0.onLook = { _ in looks.add() }
        }
        try await bench.run { try await DaemonTests.advance(clock, until: bench, "failed") }
        #expect(looks.count == 0)
        #expect(bench.pool?.asked.withLock { $0 } == 3)
        #expect(bench.events.count("worker-lost") == 3)
        let row = try #require(try await bench.row("x.png"))
        #expect(row.state == .failed && row.failure?.code == "crashed")
        #expect(row.failure?.message.contains("signal 4") == true)
    }

    @Test("A process that hangs is told of as such")
    func hangs() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock, loss: .late(seconds: 240))
        try bench.write("x.png")
        try await die(1, in: bench)
        try await bench.run { try await DaemonTests.advance(clock, until: bench, "failed") }
        #expect(try await bench.row("x.png")?.failure?.message.contains("240 s") == true)
    }

    @Test("Where no process can be had, the capture is given back and not worked on, and the others are done")
    func unavailable() async throws {
        let bench = try DaemonBench(loss: .unavailable("no more processes"))
        try bench.write("x.png")
        try bench.write("y.png", lab: "lab-b", seed: 2)
        try await die(1, in: bench)
        try await bench.run {
            try await bench.finish("y.png", lab: "lab-b")
            await bench.events.wait(for: "trouble")
        }
        #expect(bench.shelf.state.withLock { $0.rendered.map { ($0 as NSString).lastPathComponent } } == ["y.png"])
        let row = try #require(try await bench.row("x.png"))
        #expect(row.state == .pending && !row.inProgress && row.workers == 0)
        #expect(row.note?.contains("no more processes") == true || row.note == "given back by a stop")
    }

    @Test("After the sixth death a capture is quarantined, and not tried any more")
    func cap() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock)
        try bench.write("x.png")
        try await die(6, in: bench)
        try await bench.run { try await DaemonTests.advance(clock, until: bench, "failed") }
        #expect(bench.pool?.asked.withLock { $0 } == 0)
        let failure = try #require(try await bench.row("x.png")?.failure)
        #expect(failure.code == "crashed" && failure.message.contains("6 times"))
    }

    @Test("A capture of two deaths is worked on alone and apart, and done")
    func alone() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock)
        for number in 1...3 { try bench.write("\(number).png", lab: "lab-b", seed: UInt64(number)) }
        try bench.write("x.png", seed: 9)
        try await die(2, in: bench)
        try await bench.run {
            try await bench.announce("1.png", "2.png", "3.png", lab: "lab-b")
            while bench.events.count("done") < 4 {
                clock.advance(milliseconds: 100)
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        #expect(bench.pool?.asked.withLock { $0 } == 1)
        #expect(try await bench.row("x.png")?.crashes == 0)
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}
