import Daemon
import Foundation
import Ledger
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ReportTests {
    private func finishedBench() async throws -> DaemonBench {
        let bench = try DaemonBench()
        for number in 1...3 { try bench.write("\(number).png", seed: UInt64(number)) }
        try bench.space.write("no image", to: "lab-b/bad.png")
        try await bench.run {
            try await bench.announce("1.png", "2.png", "3.png")
            try await bench.finish("bad.png", lab: "lab-b", done: 3)
            await bench.events.wait(for: "failed")
        }
        return bench
    }

    @Test("The status counts every capture of every root, and whether a daemon runs")
    func status() async throws {
        let bench = try await finishedBench()
        func report() async throws -> StatusReport {
            try await StatusReport(
                bench.ledger(), stateDirectory: bench.space("state"), directories: [bench.space("out")],
                clock: SystemClock())
        }
        let status = try await report()
        #expect(status.processId == nil)
        #expect(status.roots.map(\.lab) == ["lab-a", "lab-b"])
        #expect(status.roots.map(\.done) == [3, 0])
        #expect(status.roots.map(\.failed) == [0, 1])
        #expect(status.total.seen == 4)
        #expect(status.roots[0].finishedInLastHour == 3)
        #expect(status.verdicts["lab-a"] == ["doubtful": 3])
        #expect(status.lines().contains { $0.hasPrefix("all") })
        // Of what ended since the daemon began, not of an hour in which it did not run.
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(lab: "lab-a"), now: bench.clock.now) == 3)
        let backlog = try #require(try await report().backlogSeconds)
        #expect(backlog > 0 && backlog < 600, "3 after 4 within seconds: \(backlog)")
        var running: Int?
        try await bench.run { running = try await report().processId }
        #expect(running == Int(getpid()))
    }

    @Test("A tree as the daemon left it has no problems; what was changed, lost or added is found")
    func verification() async throws {
        let bench = try await finishedBench()
        // A file may have more than one.
        func problems() async throws -> Set<String> {
            Set(
                try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output)).problems
                    .map { ($0.file as NSString).lastPathComponent })
        }
        #expect(try await problems() == [])
        try bench.space.write("something else", to: "out/lab-a/1.png")
        #expect(try await problems() == ["1.png"])
        try FileManager.default.removeItem(atPath: bench.space("out/lab-a/2.png.json"))
        #expect(try await problems() == ["1.png", "2.png"])
        for name in ["3.png", "3.png.json"] {
            try FileManager.default.copyItem(
                atPath: bench.space("out/lab-a/\(name)"), toPath: bench.space("out/lab-a/stranger\(name.dropFirst())"))
        }
        // A copy of a result is no problem, and is told.
        #expect(try await problems() == ["1.png", "2.png"])
        let verified = try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
        #expect(verified.copies.map { ($0 as NSString).lastPathComponent } == ["stranger.png"])
    }
}
