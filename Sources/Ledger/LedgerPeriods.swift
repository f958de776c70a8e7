import GRDB

/// What came in within a period of one lab.
public struct Arrivals: Sendable, Equatable {
    /// Captures that were first seen in it, or with other content.
    public var seen = 0
    /// Those of them that are left out, by the reason.
    public var ignored: [String: Int] = [:]
}

extension Ledger {
    /// What came in between two times, seconds since 1970, by lab. Cost: a pass over the captures.
    public func arrivals(since: Double, until: Double) async throws -> [String: Arrivals] {
        try await store.read { database in
            var arrivals: [String: Arrivals] = [:]
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT lab, CASE state WHEN 'ignored' THEN coalesce(note, '') END AS reason, count(*) AS n
                    FROM captures JOIN roots ON roots.id = captures.root
                    WHERE seen_at >= ? AND seen_at < ? AND ignored_kind IS NOT 'renamed' GROUP BY lab, reason
                    """, arguments: [since, until])
            while let row = try rows.next() {
                let (lab, count): (String, Int) = (row["lab"], row["n"])
                arrivals[lab, default: Arrivals()].seen += count
                if let reason: String = row["reason"] { arrivals[lab]?.ignored[reason] = count }
            }
            return arrivals
        }
    }
}
