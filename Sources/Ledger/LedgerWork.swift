import Foundation
import GRDB
import Watching

extension Ledger {
    /// Puts in order what an earlier process left: its claims are given back and counted as crashes, those that were in
    /// work at several deaths wait a little longer each time, and after a reboot the waits on the old machine clock start
    /// anew.
    ///
    /// - Parameter boot: what tells one start of the machine from another.
    /// - Returns: how many attempts the earlier process died in.
    public func takeOver(boot: String, now: Moment) async throws -> Int {
        try await store.write { database in
            let wasSameBoot = try fact("boot", in: database) == boot
            if !wasSameBoot {
                try database.execute(
                    sql: "UPDATE captures SET observed_ms = ?, due_ms = ? WHERE state = 'pending'",
                    arguments: [now.milliseconds, now.milliseconds])
                try database.execute(
                    sql: """
                        INSERT INTO facts (name, value) VALUES ('boot', ?)
                        ON CONFLICT (name) DO UPDATE SET value = excluded.value
                        """, arguments: [boot])
            }
            // What was being removed.
            try database.execute(
                sql: "UPDATE captures SET in_progress = 0 WHERE state <> 'pending' AND in_progress <> 0")
            // What they need is estimated anew: the program may be another one.
            try database.execute(sql: "UPDATE captures SET memory = NULL, note = NULL WHERE memory IS NOT NULL")
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 0, crashes = crashes + 1,
                        due_ms = ? + CASE WHEN crashes = 0 THEN 0 ELSE min(4000 * (1 << 2 * min(crashes - 1, 4)), 60000) END
                    WHERE state = 'pending' AND in_progress <> 0
                    """, arguments: [now.milliseconds])
            return database.changesCount
        }
    }

    /// The captures that an earlier process may have left half done.
    public func inProgress() async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll($0, sql: "SELECT * FROM captures WHERE state = 'pending' AND in_progress <> 0")
                .map(CaptureRow.init)
        }
    }

    /// The oldest pending capture of some roots that is due, by the files' own times; nil if none is.
    ///
    /// - Parameter fit: others are left out.
    public func oldestDue(roots: [Int64], fitting fit: Fit = Fit(), now: Moment) async throws -> CaptureRow? {
        try await store.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT * FROM captures INDEXED BY captures_queue
                    WHERE root = ? AND state = 'pending' AND in_progress = 0 AND due_ms <= ?
                        AND (memory <= ? OR memory IS NULL AND NOT ?)
                    ORDER BY modified, id LIMIT 1
                    """)
            return try roots.compactMap { root in
                try Row.fetchOne(statement, arguments: [root, now.milliseconds, fit.memory, fit.isKnown]).map(
                    CaptureRow.init)
            }.min { ($0.stamp.modifiedNanoseconds, $0.id) < ($1.stamp.modifiedNanoseconds, $1.id) }
        }
    }

    /// Which captures there is memory for.
    public struct Fit: Sendable, Equatable {
        /// Those that wait for more than so many bytes are left out.
        public var memory: Int
        /// Those of which it is not known yet are left out as well.
        public var isKnown: Bool

        public init(memory: Int = .max, isKnown: Bool = false) { (self.memory, self.isKnown) = (memory, isKnown) }
    }

    /// Whether so many captures of some roots wait for memory.
    public func waitForMemory(roots: [Int64], atLeast count: Int) async throws -> Bool {
        try await store.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT count(*) FROM (SELECT 1 FROM captures INDEXED BY captures_by_memory
                    WHERE root = ? AND state = 'pending' AND in_progress = 0 AND memory IS NOT NULL LIMIT ?)
                    """)
            return try roots.reduce(0) { try $0 + (Int.fetchOne(statement, arguments: [$1, count]) ?? 0) } >= count
        }
    }

    /// The capture of some roots that has waited longest for memory; nil if none does.
    public func longestWaitingForMemory(roots: [Int64]) async throws -> CaptureRow? {
        try await store.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT * FROM captures INDEXED BY captures_by_memory
                    WHERE root = ? AND state = 'pending' AND in_progress = 0 AND memory IS NOT NULL
                    ORDER BY memory_ms, id LIMIT 1
                    """)
            let longest = try roots.compactMap { root -> (since: Int64, row: CaptureRow)? in
                guard let row = try Row.fetchOne(statement, arguments: [root]) else { return nil }
                return (row["memory_ms"] ?? 0, try CaptureRow(row))
            }
            return longest.min { ($0.since, $0.row.id) < ($1.since, $1.row.id) }?.row
        }
    }

    /// When the next pending capture of some roots is due; nil if none is pending.
    ///
    /// - Parameter fit: others are left out.
    public func nextDue(roots: [Int64], fitting fit: Fit = Fit()) async throws -> Int64? {
        try await store.read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT min(due_ms) FROM captures INDEXED BY captures_due
                    WHERE root = ? AND state = 'pending' AND in_progress = 0 
                        AND (memory <= ? OR memory IS NULL AND NOT ?)
                    """)
            return try roots.compactMap {
                try Int64.fetchOne(statement, arguments: [$0, fit.memory, fit.isKnown])
            }.min()
        }
    }

    /// Lets a capture wait: it is still written, or its turn comes later.
    ///
    /// - Parameter stamp: what the file looks like now, if it changed; the time of quiet starts anew then.
    public func postpone(_ id: Int64, until due: Int64, note: String?, stamp: FileStamp? = nil, now: Moment)
        async throws
    {
        try await store.write { database in
            try database.execute(
                sql: "UPDATE captures SET due_ms = ?, note = ? WHERE id = ? AND state = 'pending' AND in_progress = 0",
                arguments: [due, note, id])
            guard let stamp, database.changesCount > 0 else { return }
            try database.execute(
                sql:
                    "UPDATE captures SET device = ?, inode = ?, size = ?, modified = ?, changed = ?, observed_ms = ? WHERE id = ?",
                arguments: [
                    Int64(bitPattern: stamp.device), Int64(bitPattern: stamp.inode), stamp.size,
                    stamp.modifiedNanoseconds, stamp.changedNanoseconds, now.milliseconds, id,
                ])
        }
    }

    /// Begins an attempt: it is recorded before the file is touched, so that a capture that kills the process is known
    /// by it.
    ///
    /// - Returns: the capture as claimed; nil if it is no longer to be had.
    public func claim(_ id: Int64) async throws -> CaptureRow? {
        try await store.write { database in
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 1, attempts = attempts + 1, note = NULL, memory = NULL
                    WHERE id = ? AND state = 'pending' AND in_progress = 0
                    """, arguments: [id])
            guard database.changesCount > 0 else { return nil }
            return try Self.capture(id, in: database)
        }
    }

    /// Reserves a name for a claimed capture's result, if it has none yet that may stay. The name that a current result has
    /// stays reserved besides, until the next one is there.
    ///
    /// - Parameters:
    ///   - outputs: names below the trees of results, in order of preference; the first that no other capture
    ///     has, as a name or as a folder, is taken.
    ///   - caseless: names that differ in case alone are the same.
    ///   - keeping: whether a name that it has already may stay.
    /// - Returns: the capture with its name; nil if all names are taken.
    public func reserve(
        _ id: Int64, outputs: [[UInt8]], caseless: Bool = false,
        keeping: @escaping @Sendable ([UInt8]) -> Bool = { _ in true }
    ) async throws -> CaptureRow? {
        try await store.write { database in
            let names = try ReservedNames(database, caseless: caseless)
            guard let row = try Self.capture(id, in: database) else { return nil }
            // A name may have been reserved before another capture's result took the place of one of its folders.
            if let reserved = row.output, keeping(reserved), try !names.hold(foldersOf: Data(reserved)) { return row }
            let free = try outputs.lazy.map { Data($0) }.first { try names.isFree($0, for: id) }
            guard let free else { return nil }
            try database.execute(sql: "UPDATE captures SET output = ? WHERE id = ?", arguments: [free, id])
            return try Self.capture(id, in: database)
        }
    }

    static func capture(_ id: Int64, in database: Database) throws -> CaptureRow? {
        try Row.fetchOne(database, sql: "SELECT * FROM captures WHERE id = ?", arguments: [id]).map(CaptureRow.init)
    }

    /// What an attempt came to.
    public enum Ending: Sendable, Equatable {
        /// Committed; an older result, if there was one, was kept aside.
        case done(ResultRow, rule: String?, older: KeptVersion?)
        /// Nothing was made, for its result lay there. Where the ledger knew that result, its times stay those of the work
        /// that made it.
        case found(ResultRow, rule: String?)
        case failed(CaptureFailure, digest: String?, rule: String?)
        /// Left out after all: no rule matches.
        case ignored(kind: IgnoredKind, note: String)
        /// Its file is not there. With `resultStays`, the result that the ledger knows is where it should be: what was done
        /// before it was asked for again is done with it. It is pending again once the file is back.
        case gone(note: String, resultStays: Bool)
        /// To be tried again; the attempt counts, and so does a worker that it cost.
        case retry(CaptureFailure, due: Int64, costsWorker: Bool)
        /// Given back, as if it had not been taken, until there is so much memory, bytes.
        case waitsForMemory(Int)
        /// Given back as if it had not been taken.
        case givenBack(note: String?, due: Int64)
    }

    /// An older result that was kept aside under a number of its own.
    public struct KeptVersion: Sendable, Equatable {
        public var number: Int
        /// The image, below the output directory.
        public var output: [UInt8]

        public init(number: Int, output: [UInt8]) {
            self.number = number
            self.output = output
        }
    }

    /// Why a capture is left out other than by a pattern.
    public enum IgnoredKind: String, Sendable { case gone, unmatched, renamed }

    /// Ends a claimed capture's attempt.
    ///
    /// - Parameter stamp: the content that was worked on. Where another was seen meanwhile, the capture is pending again.
    /// - Returns: true if it is pending again for that reason.
    @discardableResult
    public func end(_ id: Int64, stamp: FileStamp, _ ending: Ending, now: Moment) async throws -> Bool {
        try await store.write { try Self.end(id, stamp: stamp, ending, now: now, in: $0) }
    }

    /// Gives back claimed captures, with the content that was worked on, as a stop does: all of them or none.
    public func giveBack(_ captures: [(id: Int64, stamp: FileStamp)], now: Moment) async throws {
        guard !captures.isEmpty else { return }
        let ending = Ending.givenBack(note: "given back by a stop", due: now.milliseconds)
        try await store.write { database in
            for (id, stamp) in captures { _ = try Self.end(id, stamp: stamp, ending, now: now, in: database) }
        }
    }

    static func end(
        _ id: Int64, stamp: FileStamp, _ ending: Ending, now: Moment, in database: Database
    ) throws -> Bool {
        guard let row = try Row.fetchOne(database, sql: "SELECT * FROM captures WHERE id = ?", arguments: [id])
        else { return false }
        let isOther = !FileStamp(ledgerRow: row).isSameContent(as: stamp)
        switch ending {
        case .done(let result, let rule, let older):
            try Self.add(result, to: id, older: older, in: database)
            try database.execute(
                sql: """
                    UPDATE captures SET state = ?, in_progress = 0, crashes = 0, workers = 0, note = NULL, ignored_kind = NULL,
                        was_done = 0, waited = CASE WHEN was_done = 0 THEN ? - seen_at ELSE waited END, digest = ?, identity = ?, profile = ?, rule = ?, verdict = ?,
                        delivery = ?, error_code = NULL, error_message = NULL, error_remedy = NULL,
                        finished_at = ?, duration_ms = ?, treatment = ?, engine = ?
                    WHERE id = ?
                    """,
                arguments: [
                    isOther ? "pending" : "done", now.wall, result.digest, result.identity, result.profile, rule,
                    result.verdict, result.delivery, now.wall, result.durationMilliseconds, result.treatment,
                    result.engine, id,
                ])
        case .found(let result, let rule):
            let known = try currentResult(of: id, in: database)
            let isOther = try end(id, stamp: stamp, .done(result, rule: rule, older: nil), now: now, in: database)
            if let known, known.identity == result.identity, known.output == result.output {
                try database.execute(
                    sql: """
                        UPDATE captures SET finished_at = ?, duration_ms = ?, waited = coalesce(?, waited) WHERE id = ?
                        """,
                    arguments: [
                        row["finished_at"] as Double? ?? known.finishedAt,
                        row["duration_ms"] as Double? ?? known.durationMilliseconds, row["waited"] as Double?, id,
                    ])
            }
            return isOther
        case .failed(let failure, let digest, let rule):
            try database.execute(
                sql: """
                    UPDATE captures SET state = ?, in_progress = 0, note = NULL, ignored_kind = NULL, was_done = 0, digest = ?,
                        rule = ?, error_code = ?, error_message = ?, error_remedy = ?, finished_at = ?
                    WHERE id = ?
                    """,
                arguments: [
                    isOther ? "pending" : "failed", digest, rule, failure.code, failure.message, failure.remedy,
                    now.wall, id,
                ])
        case .gone(let note, let resultStays):
            try leave(CaptureRow(row), isOther: isOther, note: note, resultStays: resultStays, in: database)
        case .ignored(let kind, let note):
            try database.execute(
                sql: "UPDATE captures SET state = ?, in_progress = 0, ignored_kind = ?, note = ? WHERE id = ?",
                arguments: [isOther ? "pending" : "ignored", isOther ? nil : kind.rawValue, note, id])
        case .retry(let failure, let due, let costsWorker):
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 0, workers = workers + ?, due_ms = ?, note = ?, error_code = ?,
                        error_message = ?, error_remedy = ?
                    WHERE id = ?
                    """,
                arguments: [
                    costsWorker ? 1 : 0, due, "waits for another attempt", failure.code, failure.message,
                    failure.remedy, id,
                ])
        case .waitsForMemory(let bytes):
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 0, attempts = max(attempts - 1, 0), due_ms = ?, memory = ?,
                        memory_ms = ?
                    WHERE id = ?
                    """, arguments: [now.milliseconds, isOther ? nil : bytes, now.milliseconds, id])
        case .givenBack(let note, let due):
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 0, attempts = max(attempts - 1, 0), due_ms = ?, note = ?
                    WHERE id = ?
                    """, arguments: [due, note, id])
        }
        if isOther {
            try database.execute(
                sql: "UPDATE captures SET attempts = 0, crashes = 0, workers = 0 WHERE id = ?", arguments: [id])
        }
        return isOther
    }

    /// The current result of another capture that has the same identity: a duplicate need not be worked out again.
    public func result(identity: String, besides id: Int64) async throws -> ResultRow? {
        try await store.read { database in
            try Row.fetchOne(
                database,
                sql: """
                    SELECT results.* FROM captures JOIN results ON results.capture = captures.id
                    WHERE captures.identity = ? AND captures.id <> ? AND captures.state = 'done'
                        AND results.version IS NULL AND results.identity = captures.identity
                    ORDER BY results.id LIMIT 1
                    """, arguments: [identity, id]
            ).map(ResultRow.init)
        }
    }
}
