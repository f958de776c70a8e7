import Foundation
import GRDB
import Watching

/// Captures whose files are not there: each is marked as gone, whether it is done or left out, so that it is pending again
/// once its file is seen, though nothing of the file has changed.
extension Ledger {
    /// Ends a claimed capture's attempt, for its file is not there.
    ///
    /// - Parameter isOther: another content was seen meanwhile.
    static func leave(
        _ row: CaptureRow, isOther: Bool, note: String, resultStays: Bool, in database: Database
    ) throws {
        let state: CaptureState = isOther ? .pending : resultStays && row.wasDone ? .done : .ignored
        try database.execute(
            sql: """
                UPDATE captures SET state = ?, was_done = 0, in_progress = 0, ignored_kind = ?, note = ? WHERE id = ?
                """,
            arguments: [state.rawValue, isOther ? nil : IgnoredKind.gone.rawValue, note, row.id])
        guard !isOther else { return }
        if !resultStays {
            try database.execute(
                sql: "DELETE FROM results WHERE capture = ? AND version IS NULL", arguments: [row.id])
        }
        guard row.path.page != nil else { return }
        // A watcher sees files. With the file, its pages are looked at again.
        try database.execute(
            sql: "UPDATE captures SET ignored_kind = ? WHERE root = ? AND path = ? AND state = 'done'",
            arguments: [IgnoredKind.gone.rawValue, row.root, Data(row.path.file.bytes)])
    }
}
