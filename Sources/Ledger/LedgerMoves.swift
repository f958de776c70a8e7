import GRDB

extension Ledger {
    /// Gives a root another path; its captures stay what they are. False where the ledger has no root of that path.
    ///
    /// A root that was entered under the new path already is given up for it if nothing was ever done there. Throws
    /// ``LedgerError`` with code `unusable` if something was.
    public func moveRoot(from old: String, to new: String) async throws -> Bool {
        try await store.write { database in
            guard let id = try Int64.fetchOne(database, sql: "SELECT id FROM roots WHERE path = ?", arguments: [old])
            else { return false }
            if let other = try Int64.fetchOne(database, sql: "SELECT id FROM roots WHERE path = ?", arguments: [new]) {
                let done = try Int.fetchOne(
                    database, sql: "SELECT count(*) FROM results JOIN captures ON captures.id = capture WHERE root = ?",
                    arguments: [other])
                guard done == 0 else {
                    throw LedgerError(
                        .unusable, "captures of this tree are done already", path: new,
                        remedy: "forget that tree first (nctd forget \(new)), if its results are not wanted")
                }
                try Self.deleteRoot(other, in: database)
            }
            // The tree's identity is found out again: another file system has other numbers.
            try database.execute(
                sql:
                    "UPDATE roots SET path = ?, identity = NULL, unhealthy = NULL, mode = NULL, scanned_at = NULL WHERE id = ?",
                arguments: [new, id])
            return true
        }
    }

    /// Forgets a root that is no longer watched, with all its captures; returns how many. Their results stay as files.
    public func forgetRoot(_ id: Int64) async throws -> Int {
        try await store.write { try Self.deleteRoot(id, in: $0) }
    }

    @discardableResult
    private static func deleteRoot(_ id: Int64, in database: Database) throws -> Int {
        try database.execute(sql: "DELETE FROM captures WHERE root = ?", arguments: [id])
        let count = database.changesCount
        try database.execute(sql: "DELETE FROM roots WHERE id = ?", arguments: [id])
        return count
    }
}
