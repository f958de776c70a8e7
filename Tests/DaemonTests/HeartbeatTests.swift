import Daemon
import Foundation
import Synchronization
import TestSupport
import Testing

/// A service manager that remembers what it was told.
private final class Listener: ServiceManager {
    let watchdog: Duration?
    private let told = Mutex<[String]>([])

    init(watchdog: Duration?) { self.watchdog = watchdog }

    func notify(_ state: String) { told.withLock { $0.append(state) } }
    var states: [String] { told.withLock(\.self) }
    func count(_ state: String) -> Int { states.count { $0 == state } }

    /// Returns once a condition holds; the test's time limit is the only bound.
    func wait(until condition: (Listener) -> Bool) async throws {
        while !condition(self) { try await Task.sleep(for: .milliseconds(10)) }
    }
}

extension DaemonBench {
    /// Returns once a capture was logged as standing still in the engine.
    fileprivate func waitForStall(of name: String, _ manager: Listener) async throws {
        let hung = "\(space(name)) (normalizing)"
        try await manager.wait { _ in
            events.all.contains { $0.kind == .stalled && $0.message.hasPrefix("\(hung) has made no progress for ") }
        }
    }
}

@Suite(.timeLimit(.minutes(15))) struct HeartbeatTests {
    @Test("The watchdog is fed while work advances, not while a worker hangs, and again when it goes on")
    func watchdog() async throws {
        let manager = Listener(watchdog: .seconds(4))
        let bench = try DaemonBench()
        try bench.write("x.png")
        bench.shelf.brake.hold()
        try bench.write("y.png", seed: 2)
        try await bench.run(manager: manager) {
            try await bench.announce("x.png")
            try await manager.wait { $0.count("WATCHDOG=1") >= 2 }
            // The worker is in the engine and does not come back.
            try await bench.waitForStall(of: "lab-a/x.png", manager)
            // A second one that hangs is told too, though the first still does.
            try await bench.announce("y.png")
            try await bench.waitForStall(of: "lab-a/y.png", manager)
            let before = manager.count("WATCHDOG=1")
            // That nothing happens can only be waited for: here one and a half times as long as between two feeds.
            try await Task.sleep(for: .milliseconds(1500))
            #expect(manager.count("WATCHDOG=1") == before)
            bench.shelf.brake.release()
            await bench.events.wait(for: "done", count: 2)
            try await manager.wait { $0.count("WATCHDOG=1") > before }
        }
    }

    @Test("Ready is told after the first scan of every root is in the ledger, and stopping at the end")
    func readiness() async throws {
        let manager = Listener(watchdog: nil)
        let bench = try DaemonBench()
        try bench.write("x.png")
        try await bench.run(manager: manager) {
            await bench.announcers["lab-a"]!.say(.found([try bench.sighting("x.png")]))
            await bench.announcers["lab-a"]!.say(.scanned(files: 1))
            #expect(!manager.states.contains { $0.hasPrefix("READY=1") })
            await bench.announcers["lab-b"]!.say(.scanned(files: 0))
            await bench.events.wait(for: "ready")
            #expect(try await bench.counts().seen == 1)
            try await manager.wait {
                $0.states.contains("STATUS=1 seen: 1 done, 0 failed, 0 pending, 0 ignored")
            }
        }
        let states = manager.states
        let ready = try #require(states.firstIndex { $0.hasPrefix("READY=1") })
        let stopping = try #require(states.firstIndex { $0.hasPrefix("STOPPING=1") })
        #expect(ready < stopping)
        #expect(manager.count("WATCHDOG=1") == 0)
    }
}
