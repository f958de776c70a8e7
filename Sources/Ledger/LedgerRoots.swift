import Foundation
import GRDB
import Watching

/// A watched root as the ledger knows it.
public struct RootRow: Sendable, Equatable, Identifiable {
    public var id: Int64
    public var path: String
    public var lab: String
    /// False once it left the configuration; its rows stay.
    public var isWatched: Bool
    /// Why nothing is concluded about its files just now; nil if it is well.
    public var unhealthy: String?
    /// What of it could not be read at the last look; nil where all could.
    public var unreadable: UnreadablePlaces?
    /// `inotify` or `scan`.
    public var mode: String?
    public var scannedAt: Double?

    init(_ row: Row) {
        id = row["id"]
        path = row["path"]
        lab = row["lab"]
        isWatched = row["watched"]
        unhealthy = row["unhealthy"]
        unreadable = (row["unreadable"] as String?).flatMap {
            try? JSONDecoder().decode(UnreadablePlaces.self, from: Data($0.utf8))
        }
        mode = row["mode"]
        scannedAt = row["scanned_at"]
    }
}

extension Ledger {
    /// Enters a root, or takes it up again, and returns its number.
    ///
    /// - Parameters:
    ///   - rules: a digest of what decides which captures are matched. Where it changed, captures that no rule
    ///     matched are pending again.
    ///   - place: where links in the path lead. Earlier versions knew the root by that; it keeps its captures.
    public func enterRoot(path: String, lab: String, rules: String, place: String? = nil, now: Moment) async throws
        -> Int64
    {
        try await store.write { database in
            if let place, place != path {
                try database.execute(
                    sql: """
                        UPDATE roots SET path = ? WHERE path = ? AND lab = ?
                            AND NOT EXISTS (SELECT 1 FROM roots WHERE path = ?)
                        """, arguments: [path, place, lab, path])
            }
            let known = try Row.fetchOne(database, sql: "SELECT id, rules FROM roots WHERE path = ?", arguments: [path])
            guard let known else {
                try database.execute(
                    sql: "INSERT INTO roots (path, lab, rules) VALUES (?, ?, ?)", arguments: [path, lab, rules])
                return database.lastInsertedRowID
            }
            let id: Int64 = known["id"]
            try database.execute(
                sql: "UPDATE roots SET lab = ?, rules = ?, watched = 1, unhealthy = NULL WHERE id = ?",
                arguments: [lab, rules, id])
            if (known["rules"] as String?) != rules {
                try database.execute(
                    sql: """
                        UPDATE captures SET state = 'pending', note = NULL, ignored_kind = NULL, due_ms = ?, attempts = 0
                        WHERE root = ? AND state = 'ignored' AND ignored_kind = 'unmatched'
                        """, arguments: [now.milliseconds, id])
            }
            return id
        }
    }

    /// Marks every root but these as no longer watched.
    public func leaveRoots(except kept: [Int64]) async throws {
        let marks = kept.map { _ in "?" }.joined(separator: ", ")
        try await store.write { database in
            try database.execute(
                sql: "UPDATE roots SET watched = 0 WHERE id NOT IN (\(marks))", arguments: StatementArguments(kept))
        }
    }

    public func setHealth(_ root: Int64, unhealthy reason: String?) async throws {
        try await store.write {
            try $0.execute(sql: "UPDATE roots SET unhealthy = ? WHERE id = ?", arguments: [reason, root])
        }
    }

    public func setUnreadable(_ root: Int64, _ places: UnreadablePlaces) async throws {
        let text = places.count == 0 ? nil : String(decoding: try JSONEncoder().encode(places), as: UTF8.self)
        try await store.write {
            try $0.execute(sql: "UPDATE roots SET unreadable = ? WHERE id = ?", arguments: [text, root])
        }
    }

    /// What the root was when it was last well, for ``RootHealth``.
    public func identity(of root: Int64) async throws -> RootIdentity? {
        let text = try await store.read {
            try String.fetchOne($0, sql: "SELECT identity FROM roots WHERE id = ?", arguments: [root])
        }
        return text.flatMap { try? JSONDecoder().decode(RootIdentity.self, from: Data($0.utf8)) }
    }

    /// The same of all roots, by their paths; empty where they cannot be read.
    public var rootIdentities: [String: RootIdentity] {
        let rows = try? store.read { database in
            try Row.fetchAll(database, sql: "SELECT path, identity FROM roots WHERE identity IS NOT NULL")
                .map { ($0["path"] as String, $0["identity"] as String) }
        }
        return (rows ?? []).reduce(into: [:]) { known, row in
            known[row.0] = try? JSONDecoder().decode(RootIdentity.self, from: Data(row.1.utf8))
        }
    }

    /// Forgets what a root was, so that the next start takes whatever is there for it.
    public func forgetIdentity(ofRootAt path: String) throws {
        try store.write { try $0.execute(sql: "UPDATE roots SET identity = NULL WHERE path = ?", arguments: [path]) }
    }

    /// Keeps what a root is. Where it is another directory than before, or what it was is not known, the captures of before
    /// are not taken to have been in this one (``vouch(for:root:)``).
    public func setIdentity(_ root: Int64, _ identity: RootIdentity) async throws {
        let text = String(decoding: try JSONEncoder().encode(identity), as: UTF8.self)
        let before = try await self.identity(of: root)
        let isSame = before?.device == identity.device && before?.inode == identity.inode
        try await store.write {
            try $0.execute(
                sql: "UPDATE roots SET identity = ?, directory = directory + ? WHERE id = ?",
                arguments: [text, isSame ? 0 : 1, root])
        }
    }

    public func setMode(_ root: Int64, _ mode: String) async throws {
        try await store.write {
            try $0.execute(sql: "UPDATE roots SET mode = ? WHERE id = ?", arguments: [mode, root])
        }
    }

    public func setScanned(_ root: Int64, now: Moment) async throws {
        try await store.write {
            try $0.execute(sql: "UPDATE roots SET scanned_at = ? WHERE id = ?", arguments: [now.wall, root])
        }
    }

    public func roots() async throws -> [RootRow] {
        try await store.read { try Row.fetchAll($0, sql: "SELECT * FROM roots ORDER BY lab, path").map(RootRow.init) }
    }

    /// A fact that is kept between runs, such as the machine's boot.
    func fact(_ name: String, in database: Database) throws -> String? {
        try String.fetchOne(database, sql: "SELECT value FROM facts WHERE name = ?", arguments: [name])
    }
}
