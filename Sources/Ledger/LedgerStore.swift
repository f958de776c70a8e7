import GRDB
import Synchronization

/// The ledger's connections, for as long as it is open: what is under way when it is closed ends first, and what begins later is
/// refused.
///
/// GRDB leaves that to its users: a read that waits for a connection of a `DatabasePool` while the pool closes is handed a
/// closed one, in which SQLite crashes.
final class LedgerStore: Sendable {
    private struct Use {
        var isClosed = false
        var underWay = 0
    }

    private let connections: any DatabaseWriter
    private let use = Mutex(Use())

    init(_ connections: any DatabaseWriter) { self.connections = connections }

    func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        try begin()
        defer { end() }
        return try await connections.read(body)
    }

    func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
        try begin()
        defer { end() }
        return try await connections.write(body)
    }

    @_disfavoredOverload
    func read<T>(_ body: (Database) throws -> T) throws -> T {
        try begin()
        defer { end() }
        return try connections.read(body)
    }

    @_disfavoredOverload
    func write<T>(_ body: (Database) throws -> T) throws -> T {
        try begin()
        defer { end() }
        return try connections.write(body)
    }

    /// Lets nothing more begin, and closes the connections: at once, or with the last use that is under way.
    func close() throws {
        let isIdle = use.withLock { use in
            defer { use.isClosed = true }
            return !use.isClosed && use.underWay == 0
        }
        if isIdle { try closeConnections() }
    }

    private func begin() throws {
        try use.withLock { use in
            // What GRDB itself says of a closed connection.
            if use.isClosed { throw DatabaseError(resultCode: .SQLITE_MISUSE, message: "the ledger is closed") }
            use.underWay += 1
        }
    }

    private func end() {
        let isLast = use.withLock { use in
            use.underWay -= 1
            return use.isClosed && use.underWay == 0
        }
        if isLast { try? closeConnections() }
    }

    /// Folds the log into the file.
    private func closeConnections() throws {
        if let pool = connections as? DatabasePool {
            // A reader that is busy just now keeps the log; that is no error.
            _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }
        try connections.close()
    }
}
