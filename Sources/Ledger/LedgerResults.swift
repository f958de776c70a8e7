import Foundation
import GRDB

/// What was committed for captures, and under which names it lies.
extension Ledger {
    /// The capture that a name is reserved for, or whose current result has it still.
    public func capture(output: [UInt8]) async throws -> CaptureRow? {
        try await store.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT * FROM captures WHERE output = ?
                    UNION ALL
                    SELECT captures.* FROM results JOIN captures ON captures.id = results.capture
                    WHERE results.output = ? AND results.version IS NULL
                    LIMIT 1
                    """, arguments: [Data(output), Data(output)]
            ).map(CaptureRow.init)
        }
    }

    /// Reserves the name that a capture's current result has, which nobody else may have, for it again.
    public func keepName(_ output: [UInt8], of capture: Int64) async throws {
        try await store.write {
            try $0.execute(
                sql: "UPDATE captures SET output = ? WHERE id = ?", arguments: [Data(output), capture])
        }
    }

    /// All results of a capture, the older versions first.
    public func results(of capture: Int64) async throws -> [ResultRow] {
        try await store.read { try Self.results(of: capture, in: $0) }
    }

    static func results(of capture: Int64, in database: Database) throws -> [ResultRow] {
        try Row.fetchAll(
            database, sql: "SELECT * FROM results WHERE capture = ? ORDER BY version IS NULL, version",
            arguments: [capture]
        ).map(ResultRow.init)
    }

    /// The current result of a capture, without what stands with the capture alone.
    static func currentResult(of id: Int64, in database: Database) throws -> ResultRow? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM results WHERE capture = ? AND version IS NULL", arguments: [id]
        ).map(ResultRow.init)
    }

    static func add(_ result: ResultRow, to id: Int64, older: KeptVersion?, in database: Database) throws {
        if let older {
            try database.execute(
                sql: """
                    UPDATE results SET version = ?, output = ?, sidecar = NULL
                    WHERE capture = ? AND version IS NULL AND (identity <> ? OR output <> ?)
                        AND NOT EXISTS (SELECT 1 FROM results WHERE capture = ? AND output = ?)
                    """,
                arguments: [
                    older.number, Data(older.output), id, result.identity, Data(result.output), id, Data(older.output),
                ])
        }
        let current = try currentResult(of: id, in: database)
        if let current, current.identity == result.identity, current.output == result.output {
            return try database.execute(
                sql: "UPDATE results SET sidecar = ? WHERE capture = ? AND version IS NULL",
                arguments: [result.sidecar, id])
        }
        try database.execute(
            sql: "DELETE FROM results WHERE capture = ? AND version IS NULL", arguments: [id])
        try database.execute(
            sql: """
                INSERT INTO results (capture, version, digest, identity, profile, verdict, delivery, output, attempt,
                    duration_ms, finished_at, sidecar)
                VALUES (?, NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                id, result.digest, result.identity, result.profile, result.verdict, result.delivery,
                Data(result.output), result.attempt, result.durationMilliseconds, result.finishedAt, result.sidecar,
            ])
    }
}
