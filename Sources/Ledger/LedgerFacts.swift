import GRDB

/// What the daemon lets others know of itself: kept beside the captures, so that commands can tell it.
public enum LedgerFact: String, Sendable {
    /// What the captures in work may take of memory together, bytes.
    case memory
    /// What the command of `[notify]` has told, and when.
    case notified
    /// The configuration that the running daemon would not take at a reload, and why.
    case refusedReload
}

extension Ledger {
    /// Sets a fact, or takes it away.
    public func set(_ fact: LedgerFact, _ value: String?) async throws {
        try await store.write { database in
            guard let value else {
                return try database.execute(sql: "DELETE FROM facts WHERE name = ?", arguments: [fact.rawValue])
            }
            try database.execute(
                sql: """
                    INSERT INTO facts (name, value) VALUES (?, ?)
                    ON CONFLICT (name) DO UPDATE SET value = excluded.value
                    """, arguments: [fact.rawValue, value])
        }
    }

    public func value(of fact: LedgerFact) async throws -> String? {
        try await store.read { try self.fact(fact.rawValue, in: $0) }
    }
}
