import Config
import Daemon
import Foundation
import Ledger
import TestSupport
import Testing

/// Profiles that cannot be prepared: a pause of their own, which somebody is told of.
@Suite(.timeLimit(.minutes(15))) struct ProfilePauseTests {
    @Test("A profile that cannot be prepared makes its captures wait: said once, needing a person while it lasts")
    func unusable() async throws {
        let clock = ManualClock()
        let bench = try DaemonBench(clock: clock)
        bench.shelf.state.withLock { $0.unusable = ["lab-a"] }
        for number in 1...20 { try bench.write("\(number).png", seed: UInt64(number)) }
        try bench.write("y.png", lab: "lab-b", seed: 90)
        try await bench.run {
            let names = try (1...20).map { try bench.sighting("\($0).png") }
            await bench.announcers["lab-a"]!.say(.found(names))
            try await DaemonTests.advance(clock, until: bench, "profile-unusable")
            // The other lab goes on.
            try await bench.announce("y.png", lab: "lab-b")
            try await DaemonTests.advance(clock, until: bench, "done")
            for _ in 1...1200 {
                clock.advance(milliseconds: 100)
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(bench.events.count("profile-unusable") == 1 && bench.events.count("resumed") == 0)
            let ledger = try bench.ledger()
            let pauses = try await ledger.pauses()
            #expect(pauses.map(\.profile) == ["lab-a"] && pauses[0].reason.contains("put it back"))
            let needs = NeedsPerson.all(pauses: pauses, roots: try await ledger.roots())
            #expect(needs.map(\.what) == ["profile lab-a"] && needs[0].text.contains("reference.png"))
            let row = try #require(try await bench.row("20.png"))
            #expect(row.state == .pending && row.attempts == 0 && row.note?.contains("reference.png") == true)
            bench.shelf.state.withLock { $0.unusable = [] }
            while bench.events.count("done") < 21 {
                clock.advance(milliseconds: 100)
                try await Task.sleep(for: .milliseconds(1))
            }
            while try await !ledger.pauses().isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        }
        #expect(bench.events.count("profile-unusable") == 1 && bench.events.count("resumed") == 1)
        #expect(bench.events.count("failed") == 0 && bench.events.count("retrying") == 0)
        #expect(try await bench.row("1.png")?.attempts == 1)
    }

    @Test("A pause of a profile that nobody has tried for a minute, or that a reload makes another, ends")
    func untried() {
        let clock = ManualClock()
        let events = Events()
        let pauses = Pauses(clock: clock, log: events.log) { "\($0)" }
        for count in 1...2 {
            pauses.met("its reference is gone", at: .profile("lab-a"))
            pauses.met("EIO", at: .root(1))
            clock.advance(milliseconds: 31_000)
            pauses.endUntriedProfiles()
            #expect(pauses.verdict(on: [.profile("lab-a")]) == .trying)
            if count == 1 { clock.advance(milliseconds: 31_000) } else { pauses.forget(rootsExcept: [1]) }
            pauses.endUntriedProfiles()
            #expect(pauses.verdict(on: [.profile("lab-a")]) == .open)
            #expect(pauses.verdict(on: [.root(1)]) == .trying)
        }
        #expect(events.count("profile-unusable") == 2 && events.count("resumed") == 2)
    }

    @Test("A worker that a signal ends while it prepares a profile is replaced at once, and no capture notices")
    func killedPreparing() async throws {
        let space = try Workspace()
        try space.write(
            "#!/bin/sh\nmkdir \(space("first")) 2>/dev/null && kill -KILL $$\nexec \(Subprocess.nctd) \"$@\"\n",
            to: "worker")
        chmod(space("worker"), 0o755)
        let bench = try WorkerBench(program: space("worker"))
        let desk = try await bench.pool.desk(for: bench.profile, learned: .init())
        let lost = bench.events.all.filter { $0.kind.name == "worker-lost" }
        #expect(lost.count == 1 && lost.first?.message.contains("profile lab-a died by signal 9") == true)
        #expect(await bench.workers().count == 1)
        await desk.leave()
        await bench.pool.close()
    }

    @Test("Preparing costs no more than three workers at once; then the profile cannot be used")
    func deadlyPreparing() async throws {
        let space = try Workspace()
        try space.write("#!/bin/sh\necho >> \(space("runs"))\nkill -SEGV $$\n", to: "worker")
        chmod(space("worker"), 0o755)
        let bench = try WorkerBench(program: space("worker"))
        for _ in 1...2 {
            await #expect {
                _ = try await bench.pool.desk(for: bench.profile, learned: .init())
            } throws: {
                "\($0)".contains("signal 11")
            }
        }
        #expect(space.read("runs")?.count == 3)
        #expect(bench.events.count("worker-lost") == 2)
    }
}
