import Files
import Foundation

/// What lies at a path, links followed.
enum FileKind: Equatable {
    case none, directory, file
    /// Something may be there: why the system does not tell.
    case hidden(Errno)
    /// A pipe, a socket or a device.
    case special

    init(_ path: [UInt8]) {
        var status = stat()
        guard withPath(path, { stat($0, &status) }) == 0 else {
            let error = Errno.current
            self = [ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG].contains(error.code) ? .none : .hidden(error)
            return
        }
        self =
            switch status.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFREG: .file
            default: .special
            }
    }

    /// Whether something lies at a path, be it a link into nothing.
    static func exists(_ path: [UInt8]) -> Bool {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0
    }

    static func isLink(_ path: [UInt8]) -> Bool {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// What tells one file from all others, whatever the path that led to it.
struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64

    /// Of the file or directory at a path, links followed; nil if there is none.
    init?(_ path: String) { self.init(bytes: Array(path.utf8)) }

    /// The same for a path of any bytes.
    init?(bytes path: [UInt8]) {
        var status = stat()
        guard withPath(path, { stat($0, &status) }) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
