import GRDB

/// Why the ledger cannot be had: what, why, where, and what to do.
public struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// Another daemon holds the state directory.
        case locked
        /// There is no ledger yet: no daemon ran with this state directory.
        case missing
        /// The file is no sound ledger.
        case damaged
        /// The ledger was written by another version, a later one or, for a command, an earlier one of the program.
        case tooNew
        /// The state directory cannot be used: missing, read-only, full.
        case unusable
    }

    public let code: Code
    /// What failed and why, no trailing period.
    public let message: String
    public let path: String
    public let remedy: String

    public init(_ code: Code, _ message: String, path: String, remedy: String) {
        self.code = code
        self.message = message
        self.path = path
        self.remedy = remedy
    }

    /// What an error of the ledger's database means; nil for any other error.
    public init?(explaining error: any Error) {
        switch error {
        case let error as LedgerError: self = error
        case let error as DatabaseError: self = Ledger.failure(error, Ledger.fileName)
        default: return nil
        }
    }

    public var description: String { "\(path): \(message); \(remedy)" }
}
