import Files
import Glibc
import Watching

/// Which file the ledger is, so that it is noticed where its name comes to lead to another one, or to none: SQLite goes on
/// with the file that it has open, and nobody else sees what it writes.
struct LedgerFile: Sendable, Equatable {
    private let device: UInt64
    private let inode: UInt64

    /// What a path leads to now; nil where that cannot be told.
    init?(path: String) {
        guard case .success(let file) = Self.look(at: path) else { return nil }
        self = file
    }

    private init(_ status: stat) { (device, inode) = (UInt64(status.st_dev), UInt64(status.st_ino)) }

    private static func look(at path: String) -> Result<LedgerFile, Errno> {
        var status = stat()
        guard stat(path, &status) == 0 else { return .failure(.current) }
        return .success(LedgerFile(status))
    }

    private static func directory(of path: String) -> String {
        String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Why the path does not lead to this file any more; nil if it does, or if that cannot be told.
    func absence(from path: String) -> String? {
        switch Self.look(at: path) {
        case .failure(let error): error.code == ENOENT ? "its file is gone" : nil
        case .success(self): nil
        case .success:
            // Where files have another number at every look, that says nothing.
            (try? FileSystemKind(path: Self.directory(of: path)).mayRenumber) == false
                ? "another file has taken its place" : nil
        }
    }
}

extension Ledger {
    /// Why what is written to this ledger is seen by nobody else; nil if it is, or if that cannot be told. Blocks.
    public var loss: String? { file?.absence(from: path) }
}
