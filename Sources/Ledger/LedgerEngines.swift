import GRDB

/// How many results an engine made with a profile.
public struct EngineCount: Sendable, Equatable {
    /// Nil where it is not known: the result is of before the ledger kept it, and its sidecar was not read yet.
    public var engine: String?
    public var profile: String
    public var results: Int

    public init(engine: String?, profile: String, results: Int) {
        (self.engine, self.profile, self.results) = (engine, profile, results)
    }
}

/// Which engine made the present results.
extension Ledger {
    /// Cost: a pass over an index.
    public func engines() async throws -> [EngineCount] {
        try await store.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT engine, profile, count(*) AS n FROM captures WHERE state = 'done'
                    GROUP BY engine, profile ORDER BY engine, profile
                    """
            ).map { EngineCount(engine: $0["engine"], profile: $0["profile"] ?? "", results: $0["n"]) }
        }
    }

    /// A page of finished captures whose result's engine is not known, by their numbers.
    public func withoutEngine(after id: Int64, limit: Int) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures WHERE id > ? AND state = 'done' AND engine IS NULL ORDER BY id LIMIT ?
                    """, arguments: [id, limit]
            ).map(CaptureRow.init)
        }
    }

    /// Enters the engines of results that were read from their sidecars; a capture that has another result by now keeps
    /// its own.
    public func setEngines(_ engines: [(capture: CaptureRow, engine: String)]) async throws {
        try await store.write { database in
            for (capture, engine) in engines {
                try database.execute(
                    sql: "UPDATE captures SET engine = ? WHERE id = ? AND engine IS NULL AND identity IS ?",
                    arguments: [engine, capture.id, capture.identity])
            }
        }
    }
}
