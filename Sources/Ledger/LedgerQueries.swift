import Foundation
import GRDB
import Watching

/// How many captures of a root are in each state; `seen` is their sum by construction.
public struct StateCounts: Sendable, Equatable, Codable {
    public var done = 0
    public var failed = 0
    public var pending = 0
    public var ignored = 0
    public var seen: Int { done + failed + pending + ignored }

    public init() {}

    mutating func add(_ count: Int, to state: CaptureState) {
        switch state {
        case .done: done += count
        case .failed: failed += count
        case .pending: pending += count
        case .ignored: ignored += count
        }
    }

    public static func + (first: StateCounts, second: StateCounts) -> StateCounts {
        var sum = first
        for (state, count) in [
            (CaptureState.done, second.done), (.failed, second.failed), (.pending, second.pending),
            (.ignored, second.ignored),
        ] { sum.add(count, to: state) }
        return sum
    }
}

/// What `status` tells of one root.
public struct RootSummary: Sendable, Equatable {
    public var root: RootRow
    public var counts: StateCounts
    /// When the capture that is next in line was first seen.
    public var oldestPendingSeenAt: Double?
    public var lastFinishedAt: Double?
    /// Captures done or failed in the last hour.
    public var finishedInLastHour: Int
    /// When the first of these did, seconds since 1970.
    public var hourBeganAt: Double?
}

extension Ledger {
    /// Every root with its counts. Cost: one pass over an index, some hundredths of a second for 100,000 captures.
    public func summaries(now: Moment) async throws -> [RootSummary] {
        try await store.read { database in
            var counts: [Int64: StateCounts] = [:]
            let rows = try Row.fetchCursor(
                database, sql: "SELECT root, state, count(*) AS n FROM captures GROUP BY root, state")
            while let row = try rows.next() {
                guard let state = CaptureState(rawValue: row["state"]) else { continue }
                counts[row["root"], default: StateCounts()].add(row["n"], to: state)
            }
            return try Row.fetchAll(database, sql: "SELECT * FROM roots ORDER BY lab, path").map { row in
                let root = RootRow(row)
                return RootSummary(
                    root: root, counts: counts[root.id] ?? StateCounts(),
                    oldestPendingSeenAt: try Double.fetchOne(
                        database,
                        sql: """
                            SELECT seen_at FROM captures WHERE root = ? AND state = 'pending' AND in_progress = 0
                            ORDER BY modified, id LIMIT 1
                            """, arguments: [root.id]),
                    lastFinishedAt: try Double.fetchOne(
                        database,
                        sql: "SELECT max(finished_at) FROM captures WHERE root = ? AND finished_at IS NOT NULL",
                        arguments: [root.id]),
                    finishedInLastHour: try Int.fetchOne(
                        database,
                        sql: "SELECT count(*) FROM captures WHERE root = ? AND finished_at > ?",
                        arguments: [root.id, now.wall - 3600]) ?? 0,
                    hourBeganAt: try Double.fetchOne(
                        database,
                        sql: "SELECT min(finished_at) FROM captures WHERE root = ? AND finished_at > ?",
                        arguments: [root.id, now.wall - 3600]))
            }
        }
    }

    /// For each profile, how many current results have which verdict.
    public func verdicts() async throws -> [String: [String: Int]] {
        try await store.read { database in
            var verdicts: [String: [String: Int]] = [:]
            for row in try Row.fetchAll(
                database,
                sql: """
                    SELECT profile, verdict, count(*) AS n FROM captures
                    WHERE state = 'done' AND profile IS NOT NULL AND verdict IS NOT NULL GROUP BY profile, verdict
                    """)
            {
                verdicts[row["profile"], default: [:]][row["verdict"]] = row["n"]
            }
            return verdicts
        }
    }

    public func capture(_ id: Int64) async throws -> CaptureRow? {
        try await store.read { try Self.capture(id, in: $0) }
    }

    public func capture(root: Int64, path: CapturePath) async throws -> CaptureRow? {
        try await store.read {
            try Row.fetchOne(
                $0, sql: "SELECT * FROM captures WHERE root = ? AND path = ?", arguments: [root, Data(path.bytes)]
            ).map(CaptureRow.init)
        }
    }

    /// Whether another capture of the same folder differs in its extension alone. Names that patterns leave out, and links,
    /// are none, and neither is a page.
    ///
    /// - Parameter former: a name that the capture's own file had before; it is none either.
    public func hasTwin(_ row: CaptureRow, besides former: CapturePath? = nil) async throws -> Bool {
        let path = row.path.file.bytes
        let start = (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        // A dot at the name's beginning begins no extension.
        guard let dot = path.lastIndex(of: UInt8(ascii: ".")), dot > start else { return false }
        let stem = Data(path[..<dot])
        return try await store.read { database in
            // Between STEM. and STEM/, the byte after the dot, lie all names that begin so.
            try Data.fetchAll(
                database,
                sql: """
                    SELECT path FROM captures WHERE root = ? AND path > ? AND path < ? AND path <> ? AND path IS NOT ?
                        AND (state <> 'ignored' OR ignored_kind IS NULL OR ignored_kind = 'gone')
                    """,
                arguments: [
                    row.root, stem + Data(".".utf8), stem + Data("/".utf8), Data(path),
                    former.map { Data($0.file.bytes) },
                ]
            ).contains {
                !$0.dropFirst(stem.count + 1).contains { [0, UInt8(ascii: "."), UInt8(ascii: "/")].contains($0) }
            }
        }
    }

    /// Puts failed captures back to work and returns how many.
    ///
    /// - Parameters:
    ///   - lab: only this lab's; nil takes all.
    ///   - captures: only these; nil takes all.
    ///   - left: roots whose captures stay as they are.
    public func retry(
        lab: String? = nil, captures: [Int64]? = nil, except left: [Int64] = [], now: Moment
    ) async throws -> Int {
        try await store.write { database in
            let ids = captures.map { "AND id IN (\(Self.list($0)))" } ?? ""
            try database.execute(
                sql: """
                    UPDATE captures SET state = 'pending', attempts = 0, crashes = 0, workers = 0, due_ms = ?, observed_ms = ?,
                        note = 'asked for again'
                    WHERE state = 'failed' AND (? IS NULL OR root IN (SELECT id FROM roots WHERE lab = ?)) \(ids)
                        AND root NOT IN (\(Self.list(left)))
                    """, arguments: [now.milliseconds, now.milliseconds, lab, lab])
            return database.changesCount
        }
    }

    static func list(_ ids: [Int64]) -> String { ids.map(String.init).joined(separator: ", ") }

    /// Enters what a sidecar tells, for a ledger that was lost.
    public func rebuild(
        root: Int64, path: CapturePath, stamp: FileStamp, result: ResultRow, rule: String?, reserved: [UInt8],
        now: Moment
    ) async throws {
        try await store.write { database in
            try database.execute(
                sql: """
                    INSERT INTO captures (root, path, state, device, inode, size, modified, seen_at, observed_ms, due_ms,
                        attempts, digest, identity, profile, rule, verdict, delivery, output, finished_at, duration_ms,
                        treatment, engine)
                    VALUES (?, ?, 'done', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    ON CONFLICT DO NOTHING
                    """,
                arguments: [
                    root, Data(path.bytes), Int64(bitPattern: stamp.device), Int64(bitPattern: stamp.inode), stamp.size,
                    stamp.modifiedNanoseconds, result.finishedAt, now.milliseconds, now.milliseconds,
                    // Out of a file: what is counted on from here must stay a number that fits.
                    min(max(result.attempt, 0), 1_000_000),
                    result.digest, result.identity, result.profile, rule, result.verdict, result.delivery,
                    Data(reserved), result.finishedAt, result.durationMilliseconds, result.treatment,
                    result.engine,
                ])
            guard database.changesCount > 0 else { return }
            try Self.add(result, to: database.lastInsertedRowID, older: nil, in: database)
        }
    }

    /// Results that were held back, with the name that is reserved for their capture's.
    public func heldResults() async throws -> [(id: Int64, output: [UInt8], identity: String, reserved: [UInt8])] {
        try await store.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT results.id, results.output, results.identity, captures.output AS reserved FROM results
                    JOIN captures ON captures.id = results.capture
                    WHERE results.delivery = 'held' AND captures.output IS NOT NULL AND results.removed_at IS NULL
                    """
            ).map { row in
                let (output, reserved): (Data, Data) = (row["output"], row["reserved"])
                return (row["id"], Array(output), row["identity"], Array(reserved))
            }
        }
    }

    /// Forgets an older result, which is not under its name any more.
    public func forgetVersion(output: [UInt8]) async throws {
        try await store.write {
            try $0.execute(
                sql: "DELETE FROM results WHERE output = ? AND version IS NOT NULL", arguments: [Data(output)])
        }
    }

    /// Gives a result another name below its tree.
    public func renameResult(_ id: Int64, to output: [UInt8]) async throws {
        try await store.write {
            try $0.execute(sql: "UPDATE results SET output = ? WHERE id = ?", arguments: [Data(output), id])
        }
    }

    /// Finished captures of long ago, a page at a time, for the caller to see whether their sources are gone.
    public func finished(before time: Double, after id: Int64, limit: Int) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures WHERE id > ? AND in_progress = 0
                        AND state <> 'pending' AND coalesce(finished_at, seen_at) < ?
                    ORDER BY id LIMIT ?
                    """, arguments: [id, time, limit]
            ).map(CaptureRow.init)
        }
    }

    /// Forgets captures that are not pending.
    public func forget(_ ids: [Int64]) async throws {
        try await store.write { database in
            for id in ids {
                try database.execute(
                    sql: "DELETE FROM captures WHERE id = ? AND state <> 'pending' AND in_progress = 0", arguments: [id]
                )
            }
        }
    }
}
