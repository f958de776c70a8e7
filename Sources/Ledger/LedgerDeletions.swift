import Foundation
import GRDB
import Watching

extension Ledger {
    /// Captures of a root that have a result and are not pending, a page at a time by their numbers, for the caller to see
    /// whether their files are gone.
    public func withResults(root: Int64, after id: Int64, limit: Int) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures WHERE root = ? AND id > ? AND state <> 'pending' AND in_progress = 0
                        AND EXISTS (SELECT 1 FROM results WHERE capture = captures.id AND version IS NULL)
                    ORDER BY id LIMIT ?
                    """, arguments: [root, id, limit]
            ).map(CaptureRow.init)
        }
    }

    /// The number of the directory that a root is: another one for each that took the place of the one before.
    public func directory(of root: Int64) async throws -> Int64? {
        try await store.read {
            try Int64.fetchOne($0, sql: "SELECT directory FROM roots WHERE id = ?", arguments: [root])
        }
    }

    /// Takes the captures of former directories of a root for captures of the present one, where one of each was found.
    public func vouch(for directories: Set<Int64>, root: Int64) async throws {
        guard !directories.isEmpty else { return }
        try await store.write {
            try $0.execute(
                sql: """
                    UPDATE captures SET directory = (SELECT directory FROM roots WHERE id = ?)
                    WHERE root = ? AND directory IN (\(Self.list(directories.sorted())))
                    """, arguments: [root, root])
        }
    }

    /// Whether a pending capture of a root has so many bytes: it may be what another one is called now.
    public func isPending(root: Int64, size: Int64) async throws -> Bool {
        try await store.read {
            try Int64.fetchOne(
                $0, sql: "SELECT id FROM captures WHERE root = ? AND state = 'pending' AND size = ? LIMIT 1",
                arguments: [root, size]) != nil
        }
    }

    /// Claims a capture that has a result and is not pending, to remove that.
    ///
    /// - Returns: the capture as it is by now; nil if it is to be worked on again, or its result followed a rename.
    public func claimRemoval(_ id: Int64) async throws -> CaptureRow? {
        try await store.write { database in
            try database.execute(
                sql: """
                    UPDATE captures SET in_progress = 1 WHERE id = ? AND state <> 'pending' AND in_progress = 0
                        AND EXISTS (SELECT 1 FROM results WHERE capture = captures.id AND version IS NULL)
                    """, arguments: [id])
            guard database.changesCount > 0 else { return nil }
            return try Self.capture(id, in: database)
        }
    }

    /// Ends a claim for removal.
    ///
    /// - Parameter note: what is said of the capture, which has no result any more; nil where nothing was removed.
    public func endRemoval(_ id: Int64, note: String?) async throws {
        try await store.write { database in
            if let note {
                try database.execute(sql: "DELETE FROM results WHERE capture = ?", arguments: [id])
                try database.execute(
                    sql: """
                        UPDATE captures SET state = 'ignored', ignored_kind = ?, note = ?, output = NULL, identity = NULL
                        WHERE id = ? AND state <> 'pending'
                        """, arguments: [IgnoredKind.gone.rawValue, note, id])
            }
            // One that was seen meanwhile is pending, and keeps no claim.
            try database.execute(sql: "UPDATE captures SET in_progress = 0 WHERE id = ?", arguments: [id])
        }
    }
}
