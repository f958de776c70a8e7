import Files
import Foundation
import GRDB

/// Whether a trouble with the ledger passes.
public enum LedgerTrouble: Sendable, Equatable {
    /// A disk that is full or fails, another process that holds the file: waiting may help.
    case passing
    /// The connection is of no more use, but the file may be sound: a new process may open it.
    case lasting
    /// The file is no sound ledger any more: it must be rebuilt.
    case damaged

    /// Input that a disk gave and that is no answer: less than there should be, or what its file system or its checksum
    /// says is damaged (SQLITE_IOERR_SHORT_READ, _DATA, _CORRUPTFS).
    private static let lastingInput: Set<Int32> = [10 | 2 << 8, 10 | 32 << 8, 10 | 33 << 8]

    public init(_ error: any Error) {
        switch error {
        case let error as LedgerError: self = error.code == .damaged ? .damaged : .passing
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: self = .damaged
            case .SQLITE_ERROR:
                // Tables that are not there, or not as they should be.
                self = .damaged
            case .SQLITE_PROTOCOL, .SQLITE_MISUSE, .SQLITE_INTERNAL, .SQLITE_AUTH, .SQLITE_NOLFS, .SQLITE_NOTFOUND:
                self = .lasting
            case .SQLITE_IOERR where Self.lastingInput.contains(error.extendedResultCode.rawValue): self = .lasting
            case .SQLITE_READONLY where error.extendedResultCode == .SQLITE_READONLY_DBMOVED: self = .lasting
            default: self = .passing
            }
        default: self = .passing
        }
    }

    /// What a person can do about a trouble that may pass.
    public static func remedy(for error: any Error) -> String {
        switch (error as? DatabaseError)?.resultCode {
        case .SQLITE_FULL?: "make room on its file system"
        case .SQLITE_BUSY?, .SQLITE_LOCKED?: "another process holds it: end what has it open (`fuser` names it)"
        case .SQLITE_READONLY?, .SQLITE_CANTOPEN?, .SQLITE_PERM?:
            "let the daemon's account write the file and its directory"
        case .SQLITE_IOERR?: "check the disk that it lies on"
        default: "check the permissions and the disk of its directory"
        }
    }

    /// True where the disk has no room.
    public static func isFullDisk(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_FULL
    }
}

extension Ledger {
    /// Notes that the ledger is to be set aside and rebuilt by the next start, also where its file then looks sound.
    /// Writes beside the ledger, whose own file cannot be relied on.
    public static func condemn(stateDirectory: String, reason: String) {
        _ = FileManager.default.createFile(
            atPath: stateDirectory + "/" + condemnedName, contents: Data(reason.utf8))
    }

    /// Why the ledger is to be set aside; nil if it is not.
    public static func condemnation(stateDirectory: String) -> String? {
        guard let file = try? RegularFile(Array("\(stateDirectory)/\(condemnedName)".utf8)) else { return nil }
        return String(decoding: (try? file.read(at: 0, count: 1000)) ?? [], as: UTF8.self)
    }

    static func liftCondemnation(stateDirectory: String) {
        try? FileManager.default.removeItem(atPath: stateDirectory + "/" + condemnedName)
    }

    private static let condemnedName = fileName + ".condemned"

    /// True once all that the sidecars tell was taken in; false for a ledger that is new, or whose rebuilding did not
    /// come to its end.
    public func isRebuilt() async throws -> Bool { try await store.read { try fact("rebuilt", in: $0) } != nil }

    public func setRebuilt() async throws {
        try await store.write {
            try $0.execute(sql: "INSERT OR REPLACE INTO facts (name, value) VALUES ('rebuilt', 'yes')")
        }
    }
}
