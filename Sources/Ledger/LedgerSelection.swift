import Foundation
import GRDB

extension Ledger {
    /// Captures of a kind: what all of the given conditions hold for.
    public struct Selection: Sendable, Equatable {
        public var state: CaptureState?
        public var lab: String?
        public var root: Int64?
        public var profile: String?
        public var verdict: String?
        /// That ended at or after it, seconds since 1970.
        public var since: Double?
        /// That ended before it.
        public var until: Double?
        /// Whose result another engine than this one made, or one that is not known.
        public var exceptEngine: String?
        /// Not in these roots.
        public var exceptRoots: [Int64]
        /// Only these; nil takes all.
        public var captures: [Int64]?

        public init(
            state: CaptureState? = nil, lab: String? = nil, root: Int64? = nil, profile: String? = nil,
            verdict: String? = nil,
            since: Double? = nil, until: Double? = nil, exceptEngine: String? = nil, exceptRoots: [Int64] = [],
            captures: [Int64]? = nil
        ) {
            self.state = state
            self.lab = lab
            self.root = root
            self.profile = profile
            self.verdict = verdict
            self.since = since
            self.until = until
            self.exceptEngine = exceptEngine
            self.exceptRoots = exceptRoots
            self.captures = captures
        }

        /// The condition in SQL, with its arguments.
        fileprivate var condition: (sql: String, arguments: StatementArguments) {
            let parts: [(String, (any DatabaseValueConvertible)?)] = [
                ("state = ?", state?.rawValue), ("root IN (SELECT id FROM roots WHERE lab = ?)", lab),
                ("root = ?", root), ("profile = ?", profile), ("verdict = ?", verdict), ("finished_at >= ?", since),
                ("finished_at < ?", until), ("engine IS NOT ?", exceptEngine),
            ]
            let given = parts.filter { $0.1 != nil }
            let sql =
                given.map(\.0) + ["root NOT IN (\(Ledger.list(exceptRoots)))"]
                + (captures.map { ["id IN (\(Ledger.list($0)))"] } ?? [])
            return (sql.joined(separator: " AND "), StatementArguments(given.map(\.1)))
        }
    }

    /// How many captures there are of a kind.
    public func count(_ selection: Selection) async throws -> Int {
        let (sql, arguments) = selection.condition
        return try await store.read {
            try Int.fetchOne($0, sql: "SELECT count(*) FROM captures WHERE \(sql)", arguments: arguments) ?? 0
        }
    }

    /// Calls back with each capture of a kind, in the order of lab, root and path, without holding them all.
    public func forEach(
        _ selection: Selection, _ body: @escaping @Sendable (CaptureRow, RootRow) throws -> Void
    ) async throws {
        let (sql, arguments) = selection.condition
        try await store.read { database in
            for root in try Row.fetchAll(database, sql: "SELECT * FROM roots ORDER BY lab, path").map(RootRow.init) {
                let rows = try Row.fetchCursor(
                    database, sql: "SELECT * FROM captures WHERE root = ? AND \(sql) ORDER BY path",
                    arguments: [root.id] + arguments)
                while let row = try rows.next() { try body(CaptureRow(row), root) }
            }
        }
    }

    /// A page of the captures of a kind in the order of their numbers, for what takes too long to keep the ledger from
    /// being folded meanwhile.
    ///
    /// - Parameter id: the number of the last one of the page before; 0 for the first page.
    public func page(_ selection: Selection, after id: Int64, limit: Int) async throws -> [CaptureRow] {
        let (sql, arguments) = selection.condition
        return try await store.read {
            try Row.fetchAll(
                $0, sql: "SELECT * FROM captures WHERE id > ? AND \(sql) ORDER BY id LIMIT ?",
                arguments: [id] + arguments + [limit]
            ).map(CaptureRow.init)
        }
    }

    /// Puts finished captures of a kind back to work and returns how many; their results become versions. One that turns out
    /// to be gone stays done.
    public func reprocess(_ selection: Selection, now: Moment) async throws -> Int {
        var selection = selection
        selection.state = .done
        let (sql, arguments) = selection.condition
        return try await store.write { database in
            try database.execute(
                sql: """
                    UPDATE captures SET state = 'pending', attempts = 0, crashes = 0, workers = 0, due_ms = ?,
                        note = 'asked for again', was_done = 1
                    WHERE \(sql)
                    """, arguments: [now.milliseconds] + arguments)
            return database.changesCount
        }
    }
}
