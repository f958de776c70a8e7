import Foundation
import GRDB
import Watching

/// What is to be done about the result of a capture that has another name now: written down before anything is done, so that
/// whoever takes it up does the same.
public struct RenamePlan: Sendable, Equatable, Codable {
    /// What the capture looked like under its new name.
    public var stamp: FileStamp
    /// The rule that its new name is matched by; nil for its root's default.
    public var rule: String?
    /// With the result the capture is done; otherwise it is made anew, and this result becomes a version.
    public var isDone: Bool
    /// How many versions of the capture's own there are beside its new name, by tree; those that come are numbered on
    /// from here.
    public var ownVersions: [String: Int]
    /// How many come, by tree.
    public var versions: [String: Int]

    public init(
        stamp: FileStamp, rule: String?, isDone: Bool, ownVersions: [String: Int], versions: [String: Int]
    ) {
        self.stamp = stamp
        self.rule = rule
        self.isDone = isDone
        self.ownVersions = ownVersions
        self.versions = versions
    }
}

/// A result that follows its capture to another name.
public struct Rename: Sendable, Equatable {
    /// The capture under its new name, with the place that is reserved for its result.
    public var capture: CaptureRow
    /// Under the name that it had.
    public var former: CaptureRow
    /// What was committed for it under that name.
    public var result: ResultRow
    public var plan: RenamePlan
}

extension Ledger {
    /// Captures of a capture's root that may be what it was before it had its name: those whose current result was made of
    /// the same bytes, and those that looked the same when they were last seen. Which of them are gone, the caller sees.
    ///
    /// - Parameter limit: of captures of the same bytes. Those that have its number come first, then of four times as many,
    ///   the oldest, those that have its times: thousands of copies of one image cost no more than a few.
    public func formerNames(of row: CaptureRow, digest: String, limit: Int = 50) async throws -> [(
        row: CaptureRow, result: ResultRow
    )] {
        try await store.read { database in
            let stamp = row.stamp
            let inode = Int64(bitPattern: stamp.inode)
            var ids: [Int64] = []
            if stamp.inode != 0 {
                ids = try Int64.fetchAll(
                    database,
                    sql: """
                        SELECT captures.id FROM captures INDEXED BY captures_by_inode
                        JOIN results ON results.capture = captures.id AND results.version IS NULL AND results.digest = ?
                        WHERE root = ? AND inode = ? AND captures.output IS NOT NULL AND captures.id <> ?
                        ORDER BY captures.modified = ? DESC, captures.id LIMIT ?
                        """, arguments: [digest, row.root, inode, row.id, stamp.modifiedNanoseconds, limit])
            }
            ids += try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM (
                        SELECT captures.id, captures.modified FROM results JOIN captures ON captures.id = results.capture
                        WHERE results.version IS NULL AND results.digest = ? AND captures.root = ? AND captures.id <> ?
                        LIMIT ?)
                    ORDER BY modified = ? DESC, id LIMIT ?
                    """, arguments: [digest, row.root, row.id, 4 * limit, stamp.modifiedNanoseconds, limit]
            ).filter { !ids.contains($0) }.prefix(limit - ids.count)
            if stamp.inode != 0 {
                // It was written to, and renamed before that was worked on, or before its ledger knew of the result.
                ids += try Int64.fetchAll(
                    database,
                    sql: """
                        SELECT id FROM captures INDEXED BY captures_by_inode
                        WHERE root = ? AND inode = ? AND output IS NOT NULL AND modified = ? AND size = ? AND id <> ?
                            AND state <> 'done'
                        """,
                    arguments: [row.root, inode, stamp.modifiedNanoseconds, stamp.size, row.id]
                ).filter { !ids.contains($0) }
            }
            return try ids.compactMap { id in
                guard let former = try Self.capture(id, in: database), former.path.page == row.path.page,
                    let result = try Self.currentResult(of: former, in: database)
                else { return nil }
                return (former, result)
            }
        }
    }

    /// The current result of a capture, with what stands with the capture.
    private static func currentResult(of row: CaptureRow, in database: Database) throws -> ResultRow? {
        var result = try currentResult(of: row.id, in: database)
        result?.treatment = row.treatment
        result?.engine = row.engine
        return result
    }

    /// Pending captures of a root that were in work when the daemon died, of so many bytes: what became of them then may
    /// not be known yet.
    public func unsettled(root: Int64, size: Int64, besides id: Int64) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures INDEXED BY captures_by_crash
                    WHERE root = ? AND size = ? AND state = 'pending' AND crashes > 0 AND output IS NOT NULL AND id <> ?
                    """, arguments: [root, size, id]
            ).map(CaptureRow.init)
        }
    }

    /// Writes down that a result is to follow a claimed capture, and reserves the name that it goes to. Where the file is
    /// gone under its former name, that name is left out from now on.
    ///
    /// - Parameters:
    ///   - outputs: names below the trees of results, in order of preference; the former capture's own counts as free.
    ///   - caseless: names that differ in case alone are the same.
    ///   - plan: from the name that was reserved.
    ///   - note: said of the former name, where its file is gone; nil where another file has it by now.
    /// - Returns: nil if either capture is in other work by now.
    public func beginRename(
        _ id: Int64, from former: Int64, outputs: [[UInt8]], caseless: Bool = false, note: String?,
        plan: @escaping @Sendable (_ output: [UInt8]) -> RenamePlan
    ) async throws -> Rename? {
        try await store.write { database in
            guard try Self.renames(touching: [id, former], in: database).isEmpty,
                let capture = try Self.capture(id, in: database), capture.inProgress,
                let old = try Self.capture(former, in: database), !old.inProgress,
                try Self.currentResult(of: old, in: database) != nil
            else { return nil }
            let names = try ReservedNames(database, caseless: caseless)
            let keepsName = try capture.output.map { try !names.hold(foldersOf: Data($0)) } ?? false
            if !keepsName {
                let free = try outputs.lazy.map { Data($0) }
                    .first { try names.isFree($0, for: id, besides: note == nil ? nil : former) }
                guard let free else { return nil }
                if old.output.map({ Data($0) }) == free {
                    try database.execute(sql: "UPDATE captures SET output = NULL WHERE id = ?", arguments: [former])
                }
                try database.execute(sql: "UPDATE captures SET output = ? WHERE id = ?", arguments: [free, id])
            }
            guard let output = try Self.capture(id, in: database)?.output else { return nil }
            let json = String(decoding: try JSONEncoder().encode(plan(output)), as: UTF8.self)
            try database.execute(
                sql: "INSERT INTO renames (capture, former, plan) VALUES (?, ?, ?)", arguments: [id, former, json])
            if let note {
                try database.execute(
                    sql: "UPDATE captures SET state = 'ignored', ignored_kind = ?, note = ? WHERE id = ?",
                    arguments: [IgnoredKind.renamed.rawValue, note, former])
            }
            return try Self.renames(touching: [id], in: database).first
        }
    }

    /// What was begun and is not done yet.
    public func renames() async throws -> [Rename] { try await store.read { try Self.renames(touching: nil, in: $0) } }

    /// The same, of a capture under its new name or the former one.
    public func renames(touching capture: Int64) async throws -> [Rename] {
        try await store.read { try Self.renames(touching: [capture], in: $0) }
    }

    private static func renames(touching ids: [Int64]?, in database: Database) throws -> [Rename] {
        let condition = ids.map { "WHERE capture IN (\(list($0))) OR former IN (\(list($0)))" } ?? ""
        return try Row.fetchAll(database, sql: "SELECT * FROM renames \(condition) ORDER BY capture").compactMap {
            row in
            let text: String = row["plan"]
            guard let capture = try Self.capture(row["capture"], in: database),
                let former = try Self.capture(row["former"], in: database),
                let result = try currentResult(of: former, in: database),
                let plan = try? JSONDecoder().decode(RenamePlan.self, from: Data(text.utf8))
            else { return nil }
            return Rename(capture: capture, former: former, result: result, plan: plan)
        }
    }

    /// Enters that a result has followed, with its versions: they are the capture's under its new name now.
    ///
    /// - Parameters:
    ///   - rename: its result's sidecar is the one that says the new name.
    ///   - older: what was kept aside of a result that the new name had.
    ///   - version: the number and the name of a version under the new name, by its row.
    /// - Returns: true if the file was written to meanwhile, so that the capture is pending again.
    @discardableResult
    public func finishRename(
        _ rename: Rename, older: KeptVersion?, version: @escaping @Sendable (ResultRow) -> KeptVersion?, now: Moment
    ) async throws -> Bool {
        try await store.write { database in
            let (id, former) = (rename.capture.id, rename.former.id)
            guard let output = rename.capture.output else { return false }
            if let older {
                try database.execute(
                    sql: """
                        UPDATE results SET version = ?, output = ?, sidecar = NULL WHERE capture = ? AND version IS NULL
                        """,
                    arguments: [older.number, Data(older.output), id])
            }
            try database.execute(sql: "DELETE FROM results WHERE capture = ? AND version IS NULL", arguments: [id])
            for row in try Row.fetchAll(database, sql: "SELECT * FROM results WHERE capture = ?", arguments: [former]) {
                let result = ResultRow(row)
                let target = result.version == nil ? nil : version(result)
                try database.execute(
                    sql: "UPDATE results SET capture = ?, version = ?, output = ?, sidecar = ? WHERE id = ?",
                    arguments: [
                        id, target?.number ?? result.version, Data(target?.output ?? output),
                        target == nil ? rename.result.sidecar : nil, row["id"] as Int64,
                    ])
            }
            try database.execute(
                sql: """
                    UPDATE captures SET output = CASE WHEN state = 'ignored' THEN NULL ELSE output END, identity = NULL
                    WHERE id = ?
                    """, arguments: [former])
            try database.execute(sql: "DELETE FROM renames WHERE capture = ?", arguments: [id])
            guard rename.plan.isDone else { return false }
            var result = rename.result
            result.output = output
            let isOther = try Self.end(
                id, stamp: rename.plan.stamp, .done(result, rule: rename.plan.rule, older: nil), now: now, in: database)
            // It came in when it came in, and was made when it was made.
            try database.execute(
                sql: "UPDATE captures SET seen_at = ?, waited = ?, finished_at = ?, duration_ms = ? WHERE id = ?",
                arguments: [
                    rename.former.seenAt, rename.former.waited, rename.former.finishedAt ?? result.finishedAt,
                    result.durationMilliseconds, id,
                ])
            return isOther
        }
    }

    /// Gives up a rename whose result is nowhere any more; the capture is worked on as any other.
    public func dropRename(_ rename: Rename) async throws {
        try await store.write { database in
            try database.execute(sql: "DELETE FROM renames WHERE capture = ?", arguments: [rename.capture.id])
            try database.execute(
                sql: "DELETE FROM results WHERE capture = ? AND version IS NULL", arguments: [rename.former.id])
        }
    }

    /// Enters a result that was committed before the daemon died, of a capture that is gone since.
    public func adopt(_ result: ResultRow, of id: Int64, older: KeptVersion?) async throws {
        try await store.write { database in
            try Self.add(result, to: id, older: older, in: database)
            try database.execute(
                sql: """
                    UPDATE captures SET digest = ?, identity = ?, profile = ?, verdict = ?, delivery = ?, treatment = ?, engine = ?
                    WHERE id = ?
                    """,
                arguments: [
                    result.digest, result.identity, result.profile, result.verdict, result.delivery, result.treatment,
                    result.engine, id,
                ])
        }
    }

    /// Failed captures of a capture's root that were of the same bytes, or looked the same.
    public func failures(like row: CaptureRow, digest: String?) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures WHERE root = ? AND state = 'failed' AND id <> ? AND in_progress = 0
                        AND (digest = ? OR inode = ? AND inode <> 0 AND size = ? AND modified = ?)
                    LIMIT 50
                    """,
                arguments: [
                    row.root, row.id, digest, Int64(bitPattern: row.stamp.inode), row.stamp.size,
                    row.stamp.modifiedNanoseconds,
                ]
            ).map(CaptureRow.init).filter { $0.path.page == row.path.page }
        }
    }

    /// Leaves out a failed capture, whose file has another name now. An older result of it stays, and keeps its place.
    public func leaveFailure(_ id: Int64, note: String) async throws {
        try await store.write {
            try $0.execute(
                sql: """
                    UPDATE captures SET state = 'ignored', ignored_kind = ?, note = ?, output =
                        CASE WHEN EXISTS (SELECT 1 FROM results WHERE capture = captures.id AND version IS NULL)
                            THEN output END
                    WHERE id = ? AND state = 'failed' AND in_progress = 0
                    """, arguments: [IgnoredKind.renamed.rawValue, note, id])
        }
    }
}
