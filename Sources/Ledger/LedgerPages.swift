import Foundation
import GRDB
import Watching

/// Pages of files that make a result per page: each from the second on has a row of its own, beside that of the file, which is
/// the first page's.
extension Ledger {
    /// The further pages of a capture's file that are known, by their numbers.
    public func pages(of row: CaptureRow) async throws -> [CaptureRow] {
        guard row.path.page == nil else { return [] }
        let file = Data(row.path.file.bytes)
        return try await store.read { database in
            // Between the name with a zero byte behind it and that with a one lie the pages and nothing else.
            try Row.fetchAll(
                database, sql: "SELECT * FROM captures WHERE root = ? AND path > ? AND path < ?",
                arguments: [row.root, file + Data([0]), file + Data([1])]
            ).map(CaptureRow.init).sorted { ($0.path.page ?? 0) < ($1.path.page ?? 0) }
        }
    }

    /// Ends a claimed page that its file does not have any more, or that is to have no result of its own any more: it is
    /// ignored, and what it had is a version. Its name stays reserved.
    ///
    /// - Parameters:
    ///   - stamp: the content that was worked on. Where another was seen meanwhile, the page is pending again.
    ///   - older: what its result was kept aside as; nil where there was none.
    public func retire(_ id: Int64, stamp: FileStamp, older: KeptVersion?, note: String) async throws {
        try await store.write { database in
            guard let row = try Self.capture(id, in: database) else { return }
            if let older {
                try database.execute(
                    sql: """
                        UPDATE results SET version = ?, output = ? WHERE capture = ? AND version IS NULL
                            AND NOT EXISTS (SELECT 1 FROM results WHERE capture = ? AND output = ?)
                        """, arguments: [older.number, Data(older.output), id, id, Data(older.output)])
            }
            try database.execute(sql: "DELETE FROM results WHERE capture = ? AND version IS NULL", arguments: [id])
            let isOther = !row.stamp.isSameContent(as: stamp)
            try database.execute(
                sql: """
                    UPDATE captures SET state = ?, ignored_kind = ?, note = ?, in_progress = 0, was_done = 0, identity = NULL,
                        error_code = NULL, error_message = NULL, error_remedy = NULL
                    WHERE id = ?
                    """,
                arguments: [
                    isOther ? "pending" : "ignored", isOther ? nil : IgnoredKind.gone.rawValue, isOther ? nil : note,
                    id,
                ])
        }
    }
}
