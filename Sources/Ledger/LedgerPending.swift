import GRDB
import Watching

/// How many captures are pending, by what they wait for.
public struct PendingCounts: Sendable, Equatable, Codable {
    public var inWork = 0
    /// For memory that others in work have.
    public var memory = 0
    /// For a time: to settle, to be whole, or to be tried again.
    public var time = 0
    /// For nothing but their turn.
    public var turn = 0
    /// Nothing is done with them: their watched tree is no longer in the configuration.
    public var unwatched = 0

    public init() {}
}

extension Ledger {
    /// Cost: a pass over what is pending.
    public func pendingCounts(now: Moment) async throws -> PendingCounts {
        try await store.read { database in
            let row = try Row.fetchOne(
                database,
                sql: """
                    SELECT total(watched = 0) AS unwatched, total(watched AND in_progress) AS work,
                        total(watched AND NOT in_progress AND memory IS NOT NULL) AS memory,
                        total(watched AND NOT in_progress AND memory IS NULL AND due_ms > ?) AS time,
                        total(watched AND NOT in_progress AND memory IS NULL AND due_ms <= ?) AS turn
                    FROM captures JOIN roots ON roots.id = captures.root WHERE state = 'pending'
                    """, arguments: [now.milliseconds, now.milliseconds])
            var counts = PendingCounts()
            guard let row else { return counts }
            func count(_ name: String) -> Int { Int(row[name] as Double) }
            counts.inWork = count("work")
            counts.memory = count("memory")
            counts.time = count("time")
            counts.turn = count("turn")
            counts.unwatched = count("unwatched")
            return counts
        }
    }

    /// The captures that wait for memory, those that have waited longest first.
    public func waitingForMemory(limit: Int) async throws -> [(root: RootRow, row: CaptureRow)] {
        let roots = Dictionary(uniqueKeysWithValues: try await roots().map { ($0.id, $0) })
        return try await store.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM captures WHERE state = 'pending' AND in_progress = 0 AND memory IS NOT NULL
                    ORDER BY memory_ms, id LIMIT ?
                    """, arguments: [limit]
            ).compactMap { row in
                let capture = try CaptureRow(row)
                return roots[capture.root].map { ($0, capture) }
            }
        }
    }

    /// How many pending captures of a capture's lab come before it.
    public func ahead(of row: CaptureRow, now: Moment) async throws -> Int {
        try await store.read {
            try Int.fetchOne(
                $0,
                sql: """
                    SELECT count(*) FROM captures WHERE state = 'pending' AND in_progress = 0 AND due_ms <= ?
                        AND memory IS NULL AND (modified, id) < (?, ?)
                        AND root IN (SELECT id FROM roots WHERE watched
                            AND lab = (SELECT lab FROM roots WHERE id = ?))
                    """, arguments: [now.milliseconds, row.stamp.modifiedNanoseconds, row.id, row.root]) ?? 0
        }
    }
}
