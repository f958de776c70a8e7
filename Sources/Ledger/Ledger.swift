import Foundation
import GRDB
import Watching

/// Every capture ever seen and where it stands: SQLite in the state directory, written by one daemon, read by anyone.
///
/// All writes are transactions. A process that dies between two of them leaves the state before or after, and the
/// database needs no repair. Memory does not grow with the number of rows.
public struct Ledger: Sendable {
    public static let fileName = "ledger.sqlite"

    let store: LedgerStore
    public let path: String
    /// The file that is open.
    let file: LedgerFile?

    private init(_ connections: any DatabaseWriter, path: String) {
        store = LedgerStore(connections)
        self.path = path
        file = LedgerFile(path: path)
    }

    /// Opens the ledger for the daemon, creating it or bringing its tables up to date.
    ///
    /// Throws ``LedgerError``: `damaged` where the file is no sound database, `tooNew`, `unusable`.
    public static func open(stateDirectory: String) throws -> Ledger {
        let path = stateDirectory + "/" + fileName
        do {
            let pool = try DatabasePool(path: path, configuration: configuration())
            let isTooNew = try pool.read { try LedgerSchema.migrator.hasBeenSuperseded($0) }
            if isTooNew {
                throw LedgerError(
                    .tooNew, "the ledger was written by a later version of nctd", path: path,
                    remedy: "install that version again, or give this one a state_directory of its own")
            }
            let verdict = try pool.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
            guard verdict == "ok" else { throw damaged(verdict ?? "no answer", path) }
            try LedgerSchema.migrator.migrate(pool)
            return Ledger(pool, path: path)
        } catch let error as DatabaseError {
            throw failure(error, path)
        }
    }

    /// Opens the ledger for a command beside the daemon or without one; never creates it.
    ///
    /// - Parameters:
    ///   - writing: for the commands that put captures back to work.
    ///   - isWritable: whether this process may write to a file.
    public static func open(
        forCommandIn stateDirectory: String, writing: Bool = false,
        isWritable: (String) -> Bool = { FileManager.default.isWritableFile(atPath: $0) }
    ) throws -> Ledger {
        let path = stateDirectory + "/" + fileName
        guard FileManager.default.fileExists(atPath: path) else {
            throw missing(path, holder: LedgerLock.holder(stateDirectory: stateDirectory))
        }
        guard !writing || (isWritable(path) && isWritable(stateDirectory)) else {
            throw LedgerError(
                .unusable, "the ledger may not be written to", path: path,
                remedy: "run the command as root or as the daemon's account: sudo -u nctd nctd …")
        }
        do {
            var configuration = configuration()
            configuration.readonly = !writing
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            let migrator = LedgerSchema.migrator
            let (isKnown, isTooNew, isEmpty) = try queue.read {
                (
                    try migrator.hasCompletedMigrations($0), try migrator.hasBeenSuperseded($0),
                    try migrator.appliedIdentifiers($0).isEmpty
                )
            }
            if isEmpty {
                throw LedgerError(
                    .missing, "the ledger holds nothing yet", path: path,
                    remedy: "wait until the daemon that makes it is ready, then try again")
            }
            if isTooNew || !isKnown {
                throw LedgerError(
                    .tooNew, "the ledger was written by \(isTooNew ? "a later" : "an earlier") version of nctd",
                    path: path,
                    remedy: isTooNew
                        ? "use the version that the daemon runs with"
                        : "start the daemon of this version, which brings the ledger up to date")
            }
            return Ledger(queue, path: path)
        } catch let error as DatabaseError {
            throw failure(error, path)
        }
    }

    /// Folds the log into the file and closes the connections, once what is under way has ended; what begins later throws.
    public func close() throws { try store.close() }

    private static func configuration() -> Configuration {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = true
        // Short, for a stop must not wait for another process that holds the file; what could not be written is tried again.
        configuration.busyMode = .timeout(2)
        configuration.maximumReaderCount = 2
        configuration.label = "nctd.ledger"
        configuration.prepareDatabase { database in
            // In WAL mode a killed process loses nothing; a power cut loses at most the last instants, and the scan at
            // the next start finds those again.
            if !database.configuration.readonly { try database.execute(sql: "PRAGMA synchronous = NORMAL") }
            try database.execute(sql: "PRAGMA cache_size = -2048")
        }
        return configuration
    }

    /// - Parameter holder: the daemon's process; nil if none runs.
    private static func missing(_ path: String, holder: Int?) -> LedgerError {
        guard let holder else {
            return LedgerError(
                .missing, "there is no ledger", path: path,
                remedy: "check the state directory; the first `nctd run` makes the ledger")
        }
        return LedgerError(
            .missing,
            "there is no ledger, though a daemon works with this state directory, process \(holder): it has lost it",
            path: path,
            remedy:
                "wait some seconds: a daemon that has just started makes it, and one that has lost it ends once it notices; "
                + "the next start (systemctl restart nctd) rebuilds it from the sidecars")
    }

    static func damaged(_ cause: String, _ path: String) -> LedgerError {
        LedgerError(
            .damaged, "the file is no sound ledger (\(cause))", path: path,
            remedy: "start the daemon: it sets the file aside and rebuilds the ledger from the sidecars")
    }

    static func failure(_ error: DatabaseError, _ path: String) -> LedgerError {
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_SCHEMA:
            return damaged(error.message ?? "code \(error.resultCode.rawValue)", path)
        default:
            // A database without the expected tables says "no such table".
            if error.resultCode == .SQLITE_ERROR { return damaged(error.message ?? "unknown", path) }
            return LedgerError(
                .unusable, "the ledger cannot be used (\(error.message ?? "code \(error.resultCode.rawValue)"))",
                path: path, remedy: "check the state directory's permissions and free space")
        }
    }
}

extension Ledger {
    /// Moves a damaged ledger and its log to `ledger.sqlite.damaged-TIMESTAMP` and returns the new path.
    public static func setAside(stateDirectory: String, date: Date) throws -> String {
        let path = stateDirectory + "/" + fileName
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyyMMdd'T'HHmmss'Z'"
        let base = path + ".damaged-" + formatter.string(from: date)
        var target = base
        var count = 1
        while FileManager.default.fileExists(atPath: target) {
            count += 1
            target = "\(base)-\(count)"
        }
        if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.moveItem(atPath: path, toPath: target)
        }
        for suffix in ["-wal", "-shm"] where FileManager.default.fileExists(atPath: path + suffix) {
            try FileManager.default.moveItem(atPath: path + suffix, toPath: target + suffix)
        }
        liftCondemnation(stateDirectory: stateDirectory)
        return target
    }

    public static func exists(stateDirectory: String) -> Bool {
        FileManager.default.fileExists(atPath: stateDirectory + "/" + fileName)
    }
}
