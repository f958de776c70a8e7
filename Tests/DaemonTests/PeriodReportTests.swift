import Config
import Daemon
import Foundation
import Ledger
import TestSupport
import Testing

/// What a report says of a period, held against the captures that were put there.
@Suite(.timeLimit(.minutes(15))) struct PeriodReportTests {
    private func read(
        _ bench: DaemonBench, lab: String? = nil, since: Double = 0, until: Double = 4_000_000_000
    ) async throws -> PeriodReport {
        try await PeriodReport(
            bench.ledger(), trees: ResultTrees(bench.configuration.output), stateDirectory: bench.space("state"),
            lab: lab, since: since, until: until, clock: SystemClock())
    }

    @Test(
        "Counts are those of the captures, by lab, period, verdict, failure and reason; a capture counts as it ended last"
    )
    func counts() async throws {
        let bench = try DaemonBench()
        for number in 1...4 { try bench.write("\(number).png", seed: UInt64(number)) }
        // The same bytes again: a duplicate.
        try bench.write("4 again.png", seed: 4)
        try bench.write(".hidden.png", seed: 9)
        for name in ["bad.png", "worse.png"] { try bench.space.write("no image", to: "lab-b/\(name)") }
        var early: PeriodReport?
        try await bench.run {
            try await bench.announce("1.png", "2.png", "3.png", "4.png", ".hidden.png")
            try await bench.finish("bad.png", "worse.png", lab: "lab-b", done: 4)
            await bench.events.wait(for: "failed", count: 2)
            // Beside the running daemon.
            early = try await read(bench)
            try await bench.finish("4 again.png", done: 5)
            try bench.write("1.png", seed: 11)
            try await bench.finish("1.png", done: 6)
        }
        #expect(early?.labs.map(\.done) == [4, 0])
        let report = try await read(bench)
        #expect(report.labs.map(\.lab) == ["lab-a", "lab-b"])
        let (first, second) = (report.labs[0], report.labs[1])
        #expect(first.seen == 6 && first.done == 5 && first.failed == 0 && first.duplicates == 1 && first.unread == 0)
        #expect(first.verdicts == ["doubtful": 5] && first.deliveries == ["delivered": 5])
        #expect(first.engines.values.reduce(0, +) == 5 && first.engines.count == 1)
        #expect(first.ignored.map(\.captures) == [1])
        #expect(first.workMilliseconds?.values == 4 && first.waitSeconds?.values == 5)
        #expect(first.weeks.map(\.done).reduce(0, +) == 5 && first.weeks.count <= 2)
        #expect(first.weeks.allSatisfy { $0.doubtful == $0.done && $0.good == 0 })
        #expect(second.done == 0 && second.failed == 2)
        #expect(second.failures.map(\.captures) == [2])
        let failure = try #require(second.failures.first)
        #expect(failure.example.hasPrefix(bench.space("lab-b/")) && !failure.remedy.isEmpty && !failure.message.isEmpty)
        #expect(second.weeks.map(\.failed).reduce(0, +) == 2)

        // Of one lab, of another time, and with a sidecar that went away.
        #expect(try await read(bench, lab: "lab-b").labs.map(\.lab) == ["lab-b"])
        let now = Date().timeIntervalSince1970
        for (since, until) in [(0, now - 3600), (now + 3600, now + 7200)] {
            let other = try await read(bench, since: since, until: until)
            #expect(other.labs.map { $0.seen + $0.done + $0.failed } == [0, 0])
        }
        try FileManager.default.removeItem(atPath: bench.space("out/lab-a/2.png.json"))
        let without = try await read(bench).labs[0]
        #expect(without.done == 5 && without.unread == 1)
    }

    @Test("A renamed capture came in once, and what is made again waited as long as it did the first time")
    func again() async throws {
        let bench = try DaemonBench()
        for number in 1...2 { try bench.write("\(number).png", seed: UInt64(number)) }
        var waits: [Double] = []
        try await bench.run {
            try await bench.finish("1.png", "2.png", done: 2)
            for name in ["1.png", "2.png"] {
                let row = try #require(try await bench.row(name))
                waits.append(try #require(row.finishedAt) - row.seenAt)
            }
            try FileManager.default.moveItem(
                atPath: bench.space("lab-a/1.png"), toPath: bench.space("lab-a/named.png"))
            try await bench.announce("named.png")
            await bench.events.wait(for: "renamed")
        }
        let seen = try #require(try await bench.row("2.png")).seenAt
        let ledger = try Ledger.open(forCommandIn: bench.space("state"), writing: true)
        #expect(try await ledger.reprocess(.init(lab: "lab-a"), now: bench.clock.now) == 2)
        try await bench.run { await bench.events.wait(for: "done", count: 3) }
        let (first, second) = (try await bench.row("named.png"), try await bench.row("2.png"))
        #expect([first?.waited, second?.waited] == waits)
        #expect(second?.seenAt == seen)
        let lab = try #require(try await read(bench).labs.first)
        #expect(lab.seen == 2 && lab.done == 2 && lab.ignored.isEmpty)
        #expect(lab.waitSeconds?.greatest == waits.max().map { Float($0) })
    }

    @Test("The disk's figures are what the files take, a link once, versions apart")
    func disk() async throws {
        let bench = try DaemonBench()
        try bench.write("1.png", seed: 1)
        try bench.write("same.png", seed: 1)
        try await bench.run {
            try await bench.finish("1.png")
            try await bench.finish("same.png", done: 2)
            try bench.write("1.png", seed: 2)
            try await bench.finish("1.png", done: 3)
        }
        let use = DiskUse(ResultTrees(bench.configuration.output))
        #expect(use.unread.isEmpty && use.labs.map(\.lab) == ["lab-a"])
        let lab = try #require(use.labs.first)
        // same.png is a link to what is 1.png.v1 by now.
        #expect(bench.inode("out/lab-a/same.png") == bench.inode("out/lab-a/1.png.v1"))
        #expect(lab.resultFiles == 4 && lab.versionFiles == 2 && lab.heldFiles == 0)
        var blocks: [UInt64: Int64] = [:]
        for name in bench.space.files(in: "out/lab-a") {
            var status = stat()
            #expect(lstat(bench.space("out/lab-a/\(name)"), &status) == 0)
            blocks[UInt64(status.st_ino)] = Int64(status.st_blocks) * 512
        }
        #expect(lab.bytes == blocks.values.reduce(0, +) && lab.bytes > 0)
        #expect(use.lines.count == 1 && use.lines[0].hasPrefix("lab-a: "))
        #expect(
            DiskUse.text(0) == "0.0 MiB" && DiskUse.text(3 << 29) == "1.5 GiB" && DiskUse.text(1_572_864) == "1.5 MiB")
    }

    @Test("Results of another engine are counted in words with the command that makes them again")
    func engines() {
        let none = EngineReview([EngineCount(engine: EngineReview([]).engine, profile: "a", results: 9)])
        #expect(none.text == nil && none.results == 0)
        let review = EngineReview([
            EngineCount(engine: nil, profile: "a", results: 1), EngineCount(engine: "0.7.0", profile: "a", results: 3),
            EngineCount(engine: "0.7.0", profile: "b", results: 2),
            EngineCount(engine: EngineReview([]).engine, profile: "b", results: 7),
        ])
        #expect(review.results == 6 && review.others.map(\.results) == [5, 1])
        #expect(review.others.map(\.profiles) == [["a", "b"], ["a"]])
        let text = review.text ?? ""
        for word in ["6 results were", "5 by 0.7.0", "1 by one that is not known", EngineReview.command] {
            #expect(text.contains(word), "\(text)")
        }
    }
}
