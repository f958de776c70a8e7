import Foundation
import GRDB

/// Older results that were kept aside as versions.
extension Ledger {
    /// The greatest number that a version of a capture ever had, also one whose files were removed; 0 for none.
    public func lastVersion(of capture: Int64) async throws -> Int {
        try await store.read {
            try Int.fetchOne($0, sql: "SELECT max(version) FROM results WHERE capture = ?", arguments: [capture]) ?? 0
        }
    }

    /// A page of captures that have versions whose files are there, each with all its results, the older ones first.
    public func versioned(
        after id: Int64, limit: Int
    ) async throws -> [(capture: CaptureRow, results: [ResultRow])] {
        try await store.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM captures WHERE id > ? AND EXISTS (
                        SELECT 1 FROM results
                        WHERE capture = captures.id AND version IS NOT NULL AND removed_at IS NULL)
                    ORDER BY id LIMIT ?
                    """, arguments: [id, limit]
            ).map { row in
                let capture = try CaptureRow(row)
                return (capture, try Self.results(of: capture.id, in: database))
            }
        }
    }

    /// Notes that a version's files were removed. What is known of it stays.
    public func setRemoved(_ version: ResultRow, of capture: Int64, now: Moment) async throws {
        try await store.write {
            try $0.execute(
                sql: """
                    UPDATE results SET removed_at = ?
                    WHERE capture = ? AND version = ? AND output = ? AND delivery = ? AND removed_at IS NULL
                    """, arguments: [now.wall, capture, version.version, Data(version.output), version.delivery])
        }
    }

    /// Gives versions of a capture, by their numbers, other names.
    public func renameVersions(_ versions: [KeptVersion], of capture: Int64) async throws {
        try await store.write { database in
            for version in versions {
                try database.execute(
                    sql: "UPDATE results SET output = ? WHERE capture = ? AND version = ?",
                    arguments: [Data(version.output), capture, version.number])
            }
        }
    }

    /// How many versions were removed between two times, by lab.
    public func removedVersions(since: Double, until: Double) async throws -> [String: Int] {
        try await store.read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT lab, count(*) AS n FROM results JOIN captures ON captures.id = capture
                        JOIN roots ON roots.id = captures.root
                    WHERE removed_at >= ? AND removed_at < ? GROUP BY lab
                    """, arguments: [since, until])
            return Dictionary(rows.map { ($0["lab"], $0["n"]) }, uniquingKeysWith: +)
        }
    }

    /// Enters a version that a sidecar tells of, for a ledger that was lost; nothing where the capture is not known.
    ///
    /// - Parameter reserved: the name of the capture's result.
    public func rebuildVersion(_ version: ResultRow, reserved: [UInt8]) async throws {
        try await store.write {
            try $0.execute(
                sql: """
                    INSERT INTO results (capture, version, digest, identity, profile, verdict, delivery, output, attempt,
                        duration_ms, finished_at)
                    SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM captures WHERE output = ? AND NOT EXISTS (
                        SELECT 1 FROM results WHERE capture = captures.id AND output = ? AND delivery = ?)
                    """,
                arguments: [
                    version.version, version.digest, version.identity, version.profile, version.verdict,
                    version.delivery, Data(version.output), version.attempt, version.durationMilliseconds,
                    version.finishedAt, Data(reserved), Data(version.output), version.delivery,
                ])
        }
    }
}
