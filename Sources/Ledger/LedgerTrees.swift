import Foundation
import GRDB

/// What tells a tree that is written to from what may take its place.
public struct TreeIdentity: Sendable, Equatable {
    /// As its marker says it.
    public var id: String
    /// Where the file system that it lay on is mounted; nil if the system would not tell.
    public var mountPoint: String?

    public init(id: String, mountPoint: String?) {
        self.id = id
        self.mountPoint = mountPoint
    }
}

/// Something that is not worked on just now, and why.
public struct PauseRow: Sendable, Equatable, Codable {
    /// For a person: `the output /srv/normalized`.
    public var what: String
    public var reason: String
    /// Seconds since 1970.
    public var since: Double
    /// The row of the watched tree, where it is one.
    public var root: Int64?
    /// The profile, where it is one: only its captures wait.
    public var profile: String?

    public init(what: String, reason: String, since: Double, root: Int64? = nil, profile: String? = nil) {
        (self.what, self.reason, self.since, self.root, self.profile) = (what, reason, since, root, profile)
    }
}

extension Ledger {
    /// The trees that were written to, by their directories.
    public func trees() throws -> [String: TreeIdentity] {
        try store.read { database in
            let rows = try Row.fetchAll(database, sql: "SELECT * FROM trees")
            return Dictionary(
                rows.map { ($0["directory"], TreeIdentity(id: $0["id"], mountPoint: $0["mount_point"])) },
                uniquingKeysWith: { $1 })
        }
    }

    /// The same; empty where they cannot be read.
    public var identities: [String: TreeIdentity] { (try? trees()) ?? [:] }

    public func remember(_ identity: TreeIdentity, ofTreeAt directory: String) throws {
        try store.write {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO trees (directory, id, mount_point) VALUES (?, ?, ?)",
                arguments: [directory, identity.id, identity.mountPoint])
        }
    }

    /// Forgets what a tree was, so that whatever is there is taken for it.
    public func forgetTree(at directory: String) throws {
        try store.write { try $0.execute(sql: "DELETE FROM trees WHERE directory = ?", arguments: [directory]) }
    }

    /// What the running daemon does not work on just now, the oldest first.
    public func pauses() async throws -> [PauseRow] {
        try await store.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM pauses ORDER BY since, what")
                .map {
                    PauseRow(
                        what: $0["what"], reason: $0["reason"], since: $0["since"], root: $0["root"],
                        profile: $0["profile"])
                }
        }
    }

    public func setPauses(_ pauses: [PauseRow]) async throws {
        try await store.write { database in
            try database.execute(sql: "DELETE FROM pauses")
            for pause in pauses {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO pauses (what, reason, since, root, profile) VALUES (?, ?, ?, ?, ?)",
                    arguments: [pause.what, pause.reason, pause.since, pause.root, pause.profile])
            }
        }
    }
}
