import Config
import Daemon
import Foundation
import Ledger
import TestSupport
import Testing

/// Which older versions go, that their files go, and that nothing else does.
@Suite(.timeLimit(.minutes(15))) struct VersionRetentionTests {
    private static let now = 1_700_000_000.0

    private static func settings(_ versions: Int?, _ days: Int?) -> OutputSettings {
        var settings = OutputSettings(directory: "/out", quarantineDirectory: "/quarantine")
        (settings.keepVersions, settings.keepDays) = (versions, days)
        return settings
    }

    /// Results that ended so many days ago; the last one is current.
    private static func results(_ days: [Double], removed: Set<Int> = []) -> [ResultRow] {
        days.enumerated().map { index, days in
            var row = ResultRow(
                version: index + 1, digest: "", identity: "\(index)", profile: "", verdict: "good",
                delivery: "delivered",
                output: Array("lab/x.png.v\(index + 1)".utf8), attempt: 1, durationMilliseconds: nil,
                finishedAt: now - days * 86400)
            if removed.contains(index + 1) { row.removedAt = now }
            return row
        }
    }

    private static func withCurrent(_ days: [Double], removed: Set<Int> = []) -> [ResultRow] {
        var rows = results(days, removed: removed)
        rows[rows.count - 1].version = nil
        rows[rows.count - 1].output = Array("lab/x.png".utf8)
        return rows
    }

    @Test("By number and by age, alone and together; never the current one, and none without a current one")
    func rule() {
        func gone(_ rows: [ResultRow], _ versions: Int?, _ days: Int?) -> [Int?] {
            VersionRetention.expired(rows, Self.settings(versions, days), now: Self.now).map(\.version.version)
        }
        // v1, v2, v3 and the current one: replaced 30, 20 and 1 days ago.
        let rows = Self.withCurrent([40, 30, 20, 1])
        #expect(gone(rows, nil, nil) == [])
        #expect(gone(rows, 3, nil) == [])
        #expect(gone(rows, 1, nil) == [1, 2])
        #expect(gone(rows, 0, nil) == [1, 2, 3])
        #expect(gone(rows, nil, 25) == [1])
        #expect(gone(rows, nil, 10) == [1, 2])
        #expect(gone(rows, nil, 1) == [1, 2])
        #expect(gone(rows, 2, 10) == [1, 2])
        #expect(gone(Self.withCurrent([40, 30, 20, 1], removed: [1]), 0, nil) == [2, 3])
        #expect(gone(Self.results([40, 30]), 0, 1) == [])
        #expect(gone(Self.withCurrent([40]), 0, 1) == [])
        #expect(gone([], 0, 1) == [])
    }

    /// Writes the capture anew, as the so manieth, and returns when it is done.
    private func make(_ bench: DaemonBench, _ number: Int) async throws {
        try bench.write("1.png", seed: UInt64(number))
        try await bench.finish("1.png", done: number)
    }

    @Test("Files of versions go, sidecars with them, and the numbers go on; results, duplicates and strangers stay")
    func files() async throws {
        let bench = try DaemonBench()
        try await bench.run {
            for seed in 1...3 { try await make(bench, seed) }
        }
        // A file of a version's name that no result is known of.
        try bench.space.write("mine", to: "out/lab-a/1.png.v9")
        #expect(bench.space.files(in: "out/lab-a").filter { $0.contains(".v") && !$0.contains("v9") }.count == 4)
        func prune(_ versions: Int?, _ days: Int? = nil) async throws {
            let ledger = try Ledger.open(stateDirectory: bench.space("state"))
            var configuration = bench.configuration
            (configuration.output.keepVersions, configuration.output.keepDays) = (versions, days)
            let live = LiveConfiguration(configuration)
            try await VersionRetention(
                ledger: ledger, written: WrittenTrees(ledger), live: live, clock: SystemClock(), log: bench.events.log
            ).run()
            try ledger.close()
        }
        try await prune(nil, 30)
        #expect(bench.events.count("version-removed") == 0)
        try await prune(1)
        #expect(bench.events.count("version-removed") == 1)
        #expect(
            bench.space.files(in: "out/lab-a")
                == ["1.png", "1.png.json", "1.png.v2", "1.png.v2.json", "1.png.v9"])
        #expect(try bench.isSound("lab-a/1.png"))
        try await prune(1)
        #expect(bench.events.count("version-removed") == 1)
        // The number of the one that went is not given again.
        try await bench.run { try await make(bench, 4) }
        #expect(bench.space.files(in: "out/lab-a").contains("1.png.v3.json"))
        let row = try #require(try await bench.row("1.png"))
        let results = try await bench.ledger().results(of: row.id)
        #expect(results.map(\.version) == [1, 2, 3, nil])
        #expect(results.map { $0.removedAt != nil } == [true, false, false, false])
        try await prune(0)
        #expect(bench.space.files(in: "out/lab-a") == ["1.png", "1.png.json", "1.png.v9"])
        let verified = try await TreeVerification(bench.ledger(), trees: ResultTrees(bench.configuration.output))
        #expect(verified.problems.map { ($0.file as NSString).lastPathComponent } == ["1.png.v9"])
    }

    @Test("A ledger that is rebuilt knows the versions, and their numbers go on")
    func rebuilt() async throws {
        let bench = try DaemonBench()
        try await bench.run { for seed in 1...3 { try await make(bench, seed) } }
        for name in ["1.png.v1", "1.png.v1.json"] {
            try FileManager.default.removeItem(atPath: bench.space("out/lab-a/\(name)"))
        }
        for suffix in ["", "-wal", "-shm"] {
            try? FileManager.default.removeItem(atPath: bench.space("state/ledger.sqlite\(suffix)"))
        }
        try await bench.run { try await make(bench, 4) }
        let row = try #require(try await bench.row("1.png"))
        #expect(try await bench.ledger().results(of: row.id).map(\.version) == [2, 3, nil])
        #expect(bench.space.files(in: "out/lab-a").contains("1.png.v3"))
    }
}
