import Files
import Glibc

/// A regular file below a root, open for reading and nothing else.
///
/// No component of its path below the root is a link, so nothing outside the root is ever read; and what is no regular
/// file (a FIFO, a device, a directory) is refused, without having waited for it.
public final class ReadOnlyFile: Sendable {
    public let path: CapturePath
    /// What the file was when it was opened.
    public let stamp: FileStamp
    private let descriptor: Descriptor

    /// Opens a file. Throws ``FileError``: ``FileError/isGone`` if it is not there; ELOOP if it is a link; EINVAL if it
    /// is no regular file.
    public convenience init(root: String, path: CapturePath) throws(FileError) {
        try self.init(Descriptor.root(root).open(beneath: path, O_RDONLY | O_NONBLOCK | O_NOCTTY), path: path)
    }

    /// Takes over a file that another process opened so and passed on.
    public convenience init(adopting number: Int32, path: CapturePath) throws(FileError) {
        try self.init(Descriptor(adopting: number), path: path)
    }

    private init(_ opened: Descriptor, path: CapturePath) throws(FileError) {
        self.path = path
        let status = try FileError.attempt("look at", path.description) { () throws(Errno) in try opened.status() }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(code: EINVAL, attempt: "read, as it is no regular file,", path: path.description)
        }
        stamp = FileStamp(status)
        descriptor = opened
    }

    /// Lends the descriptor, to be passed on.
    public func withDescriptor<Result>(_ body: (Int32) throws -> Result) rethrows -> Result {
        defer { withExtendedLifetime(descriptor) {} }
        return try body(descriptor.number)
    }

    /// What the file is now; it may have been written since.
    public func currentStamp() throws(FileError) -> FileStamp {
        let status = try FileError.attempt("look at", path.description) { () throws(Errno) in
            try descriptor.status()
        }
        return FileStamp(status)
    }

    /// Where the first part begins that was never written, such as in a file whose room was taken beforehand; nil if all
    /// was, or if the file system does not tell.
    public var firstHole: Int64? {
        // SEEK_HOLE, which the C headers show only to those who define _GNU_SOURCE.
        let hole = lseek(descriptor.number, 0, 4)
        guard hole >= 0, let status = try? descriptor.status() else { return nil }
        return hole < status.st_size ? Int64(hole) : nil
    }

    /// Reads up to `count` bytes from an offset; fewer only where the file ends.
    public func read(at offset: Int64, count: Int) throws(FileError) -> [UInt8] {
        try FileError.attempt("read", path.description) { () throws(Errno) in
            try descriptor.read(at: offset, count: count)
        }
    }

    /// The whole content. Throws ``FileError`` EFBIG for more than `limit` bytes, before anything is read.
    public func readAll(limit: Int) throws(FileError) -> [UInt8] {
        guard stamp.size <= limit else { throw FileError(code: EFBIG, attempt: "read", path: path.description) }
        return try read(at: 0, count: Int(stamp.size))
    }

    /// The stamp of a name below a root without opening it; nil if it is not there or is no regular file.
    /// Throws ``FileError`` for any other reason.
    public static func stamp(root: String, path: CapturePath) throws(FileError) -> FileStamp? {
        try stamp(root: root, path: path, ofKind: S_IFREG)
    }

    /// The same of a symbolic link itself.
    static func linkStamp(root: String, path: CapturePath) throws(FileError) -> FileStamp? {
        try stamp(root: root, path: path, ofKind: S_IFLNK)
    }

    private static func stamp(root: String, path: CapturePath, ofKind kind: mode_t) throws(FileError) -> FileStamp? {
        do throws(FileError) {
            var directory = try Descriptor.root(root)
            if let parent = path.parent {
                directory = try directory.open(beneath: parent, Descriptor.pathOnly | O_DIRECTORY)
            }
            let status = try FileError.attempt("look at", path.description) { () throws(Errno) in
                try directory.status(of: path.name)
            }
            return status.st_mode & S_IFMT == kind ? FileStamp(status) : nil
        } catch let error where error.isGone || error.code == ELOOP {
            return nil
        }
    }
}
