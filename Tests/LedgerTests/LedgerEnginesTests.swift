import Foundation
import GRDB
import Ledger
import TestSupport
import Testing
import Watching

/// Which engine made what, and what of it a ledger of 0.7.0 knows once it is brought up to date.
@Suite struct LedgerEnginesTests {
    private func finish(_ bench: LedgerBench, _ number: Int, engine: String?, profile: String = "lab-a") async throws {
        var result = LedgerBench.result(number, identity: "\(number)", profile: profile)
        result.engine = engine
        try await bench.end(number, .done(result, rule: nil, older: nil), at: Int64(number))
    }

    @Test("Results are counted by engine and profile, and selected by another engine than one's own")
    func counts() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...6)
        for (number, engine, profile) in [
            (1, "0.7.0", "lab-a"), (2, "0.7.0", "lab-a"), (3, "0.9.2", "lab-a"), (4, "0.7.0", "lab-x"),
            (5, nil, "lab-a"),
        ] { try await finish(bench, number, engine: engine, profile: profile) }
        let counts = try await bench.ledger.engines()
        #expect(
            counts.map { "\($0.engine ?? "?") \($0.profile) \($0.results)" }
                == ["? lab-a 1", "0.7.0 lab-a 2", "0.7.0 lab-x 1", "0.9.2 lab-a 1"])
        func others(_ engine: String) async throws -> Int {
            try await bench.ledger.count(.init(state: .done, exceptEngine: engine))
        }
        #expect(try await others("0.9.2") == 4)
        #expect(try await others("0.7.0") == 2)
        #expect(
            try await bench.ledger.reprocess(.init(profile: "lab-a", exceptEngine: "0.9.2"), now: LedgerBench.at(9))
                == 3)
        // What is not done any more is no result.
        #expect(try await bench.ledger.engines().map(\.results).reduce(0, +) == 2)
    }

    @Test("What is read from a sidecar later is entered once, and not over what a newer result says")
    func survey() async throws {
        let bench = try await LedgerBench()
        try await bench.see(1...3)
        for number in 1...3 { try await finish(bench, number, engine: nil) }
        let unknown = try await bench.ledger.withoutEngine(after: 0, limit: 2)
        #expect(unknown.count == 2)
        let rest = try await bench.ledger.withoutEngine(after: unknown[1].id, limit: 2)
        #expect(rest.count == 1)
        var other = unknown[0]
        other.identity = "another result by now"
        try await bench.ledger.setEngines([(other, "0.1.0"), (unknown[1], "0.7.0"), (rest[0], "0.9.1")])
        try await bench.ledger.setEngines([(rest[0], "0.1.0")])
        #expect(try await bench.ledger.engines().map { $0.engine ?? "?" } == ["?", "0.7.0", "0.9.1"])
    }

    @Test("A version that was removed stays known, and its number is never given again")
    func versions() async throws {
        let bench = try await LedgerBench()
        try await bench.see([1])
        let id = try #require(try await bench.row(1)).id
        for number in 0...3 {
            if number > 0 {
                _ = try await bench.ledger.reprocess(.init(), now: LedgerBench.at(Int64(number)))
            }
            let row = try #require(try await bench.claim(1))
            let older = number == 0 ? nil : Ledger.KeptVersion(number: number, output: Array("x.png.v\(number)".utf8))
            try await bench.ledger.end(
                row.id, stamp: row.stamp, .done(LedgerBench.result(1, identity: "\(number)"), rule: nil, older: older),
                now: LedgerBench.at(Int64(number)))
        }
        #expect(try await bench.ledger.lastVersion(of: id) == 3)
        let page = try await bench.ledger.versioned(after: 0, limit: 10)
        #expect(page.map(\.results.count) == [4])
        for version in page[0].results.dropLast() {
            try await bench.ledger.setRemoved(version, of: id, now: LedgerBench.at(5000))
        }
        #expect(try await bench.ledger.lastVersion(of: id) == 3)
        #expect(try await bench.ledger.versioned(after: 0, limit: 10).isEmpty)
        #expect(try await bench.ledger.results(of: id).map { $0.removedAt == nil } == [false, false, false, true])
        let time = LedgerBench.at(0).wall
        #expect(try await bench.ledger.removedVersions(since: time, until: time + 6) == ["lab-b": 3])
        #expect(try await bench.ledger.removedVersions(since: time + 6, until: time + 9) == [:])
        // A ledger that was lost takes a version in once.
        var version = LedgerBench.result(1, identity: "9")
        (version.version, version.output) = (4, Array("lab-b/slide/1.png.v4".utf8))
        for _ in 1...2 {
            try await bench.ledger.rebuildVersion(version, reserved: Array("lab-b/slide/1.png".utf8))
            try await bench.ledger.rebuildVersion(version, reserved: Array("lab-b/unknown.png".utf8))
        }
        #expect(try await bench.ledger.lastVersion(of: id) == 4)
        #expect(try await bench.ledger.results(of: id).count == 5)
    }

    @Test(
        "The ledger of 0.7.0 is brought up to date with all that it knows; its results are of an engine not known yet")
    func upgrade() async throws {
        let space = try Workspace()
        try Self.writeOld(to: space(Ledger.fileName))
        // No command reads it before the daemon has seen to it.
        #expect {
            try Ledger.open(forCommandIn: space.path)
        } throws: {
            ($0 as? LedgerError)?.code == .tooNew && "\($0)".contains("earlier")
        }
        let ledger = try Ledger.open(stateDirectory: space.path)
        let summary = try #require(try await ledger.summaries(now: LedgerBench.at(0)).first)
        #expect(summary.counts.done == 2 && summary.counts.failed == 1 && summary.counts.pending == 1)
        #expect(try await ledger.engines() == [EngineCount(engine: nil, profile: "lab-a", results: 2)])
        #expect(try await ledger.verdicts() == ["lab-a": ["good": 1, "doubtful": 1]])
        let row = try #require(try await ledger.capture(output: Array("lab-b/1.png".utf8)))
        #expect(row.digest == "d1" && row.engine == nil && row.treatment == nil && row.memory == nil)
        #expect(try await ledger.results(of: row.id).map(\.version) == [1, nil])
        #expect(try await ledger.lastVersion(of: row.id) == 1)
        try ledger.close()
        _ = try Ledger.open(forCommandIn: space.path)
    }

    /// A ledger with the tables of 0.7.0: a capture done twice, one done, one failed, one pending.
    private static func writeOld(to path: String) throws {
        let tables = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/ledger-0.7.0.sql")
        let old = try DatabaseQueue(path: path)
        try old.write { database in
            try database.execute(sql: try String(contentsOf: tables, encoding: .utf8))
            try database.execute(
                sql: """
                    INSERT INTO facts VALUES ('rebuilt', 'yes'), ('boot', 'b');
                    INSERT INTO roots (id, path, lab, mode) VALUES (1, '/srv/scope', 'lab-b', 'inotify');
                    """)
            for (id, state, verdict) in [
                (1, "done", "good"), (2, "done", "doubtful"), (3, "failed", nil), (4, "pending", nil),
            ] {
                let isDone = state == "done"
                try database.execute(
                    sql: """
                        INSERT INTO captures (id, root, path, state, device, inode, size, modified, seen_at, observed_ms,
                            due_ms, attempts, digest, identity, profile, verdict, delivery, output, error_code,
                            error_message, error_remedy, finished_at, duration_ms)
                        VALUES (?, 1, ?, ?, 1, ?, 10, 5, 1700000000, 0, 0, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 80)
                        """,
                    arguments: [
                        id, Data("\(id).png".utf8), state, id, isDone ? "d\(id)" : nil, isDone ? "i\(id)" : nil,
                        isDone ? "lab-a" : nil, verdict, isDone ? "delivered" : nil,
                        isDone ? Data("lab-b/\(id).png".utf8) : nil, state == "failed" ? "corrupt" : nil,
                        state == "failed" ? "it is damaged" : nil, state == "failed" ? "export it again" : nil,
                        state == "pending" ? nil : 1_700_000_001.0,
                    ])
            }
            for (capture, version, output) in [
                (1, 1, "lab-b/1.png.v1"), (1, nil, "lab-b/1.png"), (2, nil, "lab-b/2.png"),
            ] {
                try database.execute(
                    sql: """
                        INSERT INTO results (capture, version, digest, identity, profile, verdict, delivery, output, attempt,
                            duration_ms, finished_at)
                        VALUES (?, ?, 'd', ?, 'lab-a', 'good', 'delivered', ?, 1, 80, 1700000001)
                        """, arguments: [capture, version, version == nil ? "i\(capture)" : "older", Data(output.utf8)])
            }
        }
        try old.close()
    }
}
