import Glibc

/// Whose fault an error of the system is: one table for all that is read, written and synced.
///
/// Only what is the capture's own can make it fail. All else is waited for: what is a tree's, such as a share that does
/// not answer, pauses that tree, and what is the machine's pauses all.
public enum Fault: String, Sendable, CaseIterable {
    /// This name or this file: no wait helps.
    case capture
    /// The file system that it lies on: full, away, read-only, failing, closed to us.
    case tree
    /// This process or this machine has too few of something.
    case machine

    /// What is not named here is the tree's: a file system may answer with any number, and to wait is never wrong.
    private static let others: [Int32: Fault] = [
        EMFILE: .machine, ENFILE: .machine, ENOMEM: .machine, ENOBUFS: .machine,
        ENAMETOOLONG: .capture, EFBIG: .capture, EILSEQ: .capture, EINVAL: .capture, ELOOP: .capture,
        EISDIR: .capture, ENOTDIR: .capture, EEXIST: .capture, ENOTEMPTY: .capture, EOVERFLOW: .capture,
    ]

    /// Errors that speak of a file system as a whole: it is full, cannot be written to, or is away.
    private static let wholeTree: Set<Int32> = [
        ENOSPC, EDQUOT, EROFS, ENODEV, ENXIO, ENOTCONN, ESHUTDOWN, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENETUNREACH,
        ECONNREFUSED, ECONNRESET, ECONNABORTED,
    ]

    public init(code: Int32) { self = Self.others[code] ?? .tree }

    /// Whether an error can be one file's own, whatever goes well beside it: a closed folder, a bad block. On a disk
    /// that is nearly full, a small file fits where a large one does not; that is the disk's fault.
    public static func canBeOneFiles(code: Int32) -> Bool {
        Fault(code: code) != .machine && !wholeTree.contains(code)
    }
}
