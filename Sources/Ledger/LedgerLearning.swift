import Foundation
import GRDB
import Watching

/// The captures that a lab's colors are learned from: done, with the colors transferred.
extension Ledger {
    /// What `treatment` is of a capture whose colors were transferred.
    public static let transferred = "transferred"

    private static let condition = """
        root = ? AND finished_at > ? AND state = 'done' AND profile = ? AND treatment = 'transferred'
        """

    /// A page of them, those that ended last first.
    ///
    /// - Parameter time: only those that ended after it, seconds since 1970.
    public func transferred(
        root: Int64, profile: String, after time: Double, limit: Int, offset: Int
    ) async throws -> [CaptureRow] {
        try await store.read {
            try Row.fetchAll(
                $0,
                sql: """
                    SELECT * FROM captures INDEXED BY captures_by_end WHERE \(Self.condition)
                    ORDER BY finished_at DESC, id DESC LIMIT ? OFFSET ?
                    """, arguments: [root, time, profile, limit, offset]
            ).map(CaptureRow.init)
        }
    }

    /// How many there are, counted to a limit.
    public func countTransferred(root: Int64, profile: String, after time: Double, upTo limit: Int) async throws -> Int
    {
        try await store.read {
            try Int.fetchOne(
                $0,
                sql: """
                    SELECT count(*) FROM
                        (SELECT 1 FROM captures INDEXED BY captures_by_end WHERE \(Self.condition) LIMIT ?)
                    """, arguments: [root, time, profile, limit]) ?? 0
        }
    }
}
