import Foundation
import GRDB
import Watching

extension Ledger {
    /// A sighting, judged by the root's patterns.
    public struct Judged: Sendable, Equatable {
        public var sighting: Sighting
        /// The rule that leaves it out; nil if it is to be worked on.
        public var ignoredBy: String?

        public init(_ sighting: Sighting, ignoredBy: String? = nil) {
            self.sighting = sighting
            self.ignoredBy = ignoredBy
        }
    }

    /// What a batch of sightings brought.
    public struct Recorded: Sendable, Equatable {
        /// Never seen before, and to be worked on.
        public var added: [CapturePath] = []
        /// Known, with other content now.
        public var changed: [CapturePath] = []
        /// Newly left out.
        public var ignored: [CapturePath] = []

        public init() {}
    }

    private enum Change {
        case add
        case refresh(id: Int64)
        /// Same content; it is taken up or left out because the patterns changed, or the file came back.
        case reconsider(id: Int64)
        /// Same content; when it last changed was not known.
        case complete(id: Int64)
    }

    /// Enters sightings, all in one transaction. What is known and unchanged costs one look-up and no write.
    ///
    /// A capture that is new, or whose content changed, is pending and due after `settle`; its count of attempts starts
    /// anew. Cost: proportional to the batch, whatever the ledger holds.
    public func record(_ batch: [Judged], root: Int64, settle: Duration, now: Moment) async throws -> Recorded {
        let changes = try await store.read { try Self.changes(batch, root: root, in: $0) }
        guard changes.contains(where: { $0 != nil }) else { return Recorded() }
        return try await store.write { database in
            // Looked up again: a capture may have been claimed in between.
            let changes = try Self.changes(batch, root: root, in: database)
            var recorded = Recorded()
            for (judged, change) in zip(batch, changes) {
                guard let change else { continue }
                if case .complete(let id) = change {
                    try database.execute(
                        sql: "UPDATE captures SET changed = ? WHERE id = ?",
                        arguments: [judged.sighting.stamp.changedNanoseconds, id])
                    continue
                }
                try Self.apply(
                    change, judged, root: root, due: now.milliseconds + settle.milliseconds, now, in: database)
                switch (change, judged.ignoredBy) {
                case (.add, nil), (.reconsider, nil): recorded.added.append(judged.sighting.path)
                case (.refresh, nil): recorded.changed.append(judged.sighting.path)
                default: recorded.ignored.append(judged.sighting.path)
                }
            }
            return recorded
        }
    }

    private static func changes(_ batch: [Judged], root: Int64, in database: Database) throws -> [Change?] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT id, state, ignored_kind, device, inode, size, modified, changed FROM captures
                WHERE root = ? AND path = ?
                """)
        return try batch.map { judged in
            let row = try Row.fetchOne(statement, arguments: [root, Data(judged.sighting.path.bytes)])
            guard let row else { return .add }
            let id: Int64 = row["id"]
            let state: String = row["state"]
            let isIgnored = state == CaptureState.ignored.rawValue
            let kind: String? = row["ignored_kind"]
            // Asked for again, and its file was not there.
            let isOwed = state == CaptureState.done.rawValue && kind == IgnoredKind.gone.rawValue
            if !FileStamp(ledgerRow: row).isSameContent(as: judged.sighting.stamp) {
                return judged.ignoredBy != nil && isIgnored && kind == "pattern" ? nil : .refresh(id: id)
            }
            let complete: Change? =
                (row["changed"] as Int64) == 0 && judged.sighting.stamp.changedNanoseconds != 0
                ? .complete(id: id) : nil
            if judged.ignoredBy == nil {
                return isIgnored && kind != "unmatched" || isOwed ? .reconsider(id: id) : complete
            }
            // What is done or failed keeps its state when a pattern comes to leave it out.
            return state == CaptureState.pending.rawValue ? .reconsider(id: id) : complete
        }
    }

    private static func apply(
        _ change: Change, _ judged: Judged, root: Int64, due: Int64, _ now: Moment, in database: Database
    ) throws {
        let stamp = judged.sighting.stamp
        let state = judged.ignoredBy == nil ? CaptureState.pending : .ignored
        let kind = judged.ignoredBy == nil ? nil : "pattern"
        let device = Int64(bitPattern: stamp.device)
        let inode = Int64(bitPattern: stamp.inode)
        switch change {
        case .add:
            let statement = try database.cachedStatement(
                sql: """
                    INSERT INTO captures (root, path, state, ignored_kind, note, device, inode, size, modified,
                        seen_at, observed_ms, due_ms, changed, directory)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT directory FROM roots WHERE id = ?))
                    """)
            try statement.execute(
                arguments: [
                    root, Data(judged.sighting.path.bytes), state.rawValue, kind, judged.ignoredBy, device, inode,
                    stamp.size, stamp.modifiedNanoseconds, now.wall, now.milliseconds, due,
                    stamp.changedNanoseconds, root,
                ])
        case .complete: break
        case .refresh(let id), .reconsider(let id):
            // A capture in work keeps its claim; its end notices that the content is another one. The same file in another
            // directory than before is left to speak for those that were with it (``Ledger/vouch(for:root:)``).
            let statement = try database.cachedStatement(
                sql: """
                    UPDATE captures SET directory = CASE WHEN size = ? AND modified = ? THEN directory
                            ELSE (SELECT directory FROM roots WHERE id = ?) END,
                        state = ?, ignored_kind = ?, note = ?, device = ?, inode = ?, size = ?,
                        modified = ?, changed = ?, seen_at = ?, observed_ms = ?, due_ms = ?,
                        attempts = min(in_progress, 1), crashes = 0, workers = 0, memory = NULL, was_done = 0,
                        error_code = NULL, error_message = NULL, error_remedy = NULL
                    WHERE id = ?
                    """)
            try statement.execute(
                arguments: [
                    stamp.size, stamp.modifiedNanoseconds, root,
                    state.rawValue, kind, judged.ignoredBy, device, inode, stamp.size, stamp.modifiedNanoseconds,
                    stamp.changedNanoseconds, now.wall, now.milliseconds, due, id,
                ])
        }
    }
}
