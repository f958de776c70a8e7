import Digests
import Glibc
import Jobs
import Watching

/// What is in the files of a tree, read in pieces or to a limit: nothing that lies there can take more memory than that.
extension TreeFiles {
    private static let piece = 1 << 20

    /// Writes a new file and syncs it; on failure nothing is left.
    static func writeNew(_ bytes: [UInt8], to path: Path) throws(TreeError) {
        var isWritten = false
        try writeNew(to: path) { () throws(TreeError) -> [UInt8] in
            defer { isWritten = true }
            return isWritten ? [] : bytes
        }
    }

    /// Writes a file, whole or not at all, in place of another of its name.
    static func replace(_ path: Path, with bytes: [UInt8]) throws(TreeError) {
        let folder = directory(of: path)
        let temporary = temporaryName(in: folder)
        try writeNew(bytes, to: temporary)
        do throws(TreeError) {
            try rename(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        try syncDirectory(folder)
    }

    /// Copies a regular file to a new one and syncs it; on failure nothing is left.
    static func copy(_ old: Path, to new: Path) throws(TreeError) {
        let source = try OpenFile(old)
        var offset = 0
        try writeNew(to: new) { () throws(TreeError) -> [UInt8] in
            let bytes = try source.read(at: offset, count: piece)
            offset &+= bytes.count
            return bytes
        }
    }

    /// - Parameter next: gives piece after piece; an empty one ends the file.
    private static func writeNew(to path: Path, _ next: () throws(TreeError) -> [UInt8]) throws(TreeError) {
        let descriptor = withPath(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw TreeError(operation: "creating", path: CapturePath.printable(path), code: errno)
        }
        var failed: TreeError?
        do throws(TreeError) {
            while failed == nil {
                let bytes = try next()
                if bytes.isEmpty { break }
                if let code = writeAll(bytes, to: descriptor) {
                    failed = TreeError(operation: "writing", path: CapturePath.printable(path), code: code)
                }
            }
        } catch {
            failed = error
        }
        if failed == nil, fsync(descriptor) != 0, errno != EINVAL {
            failed = TreeError(operation: "writing", path: CapturePath.printable(path), code: errno)
        }
        if close(descriptor) != 0, failed == nil, errno != EINTR {
            failed = TreeError(operation: "writing", path: CapturePath.printable(path), code: errno)
        }
        if let failed {
            remove(path)
            throw failed
        }
    }

    /// The error number of what failed; nil for nothing.
    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 24))
                let count = write(descriptor, piece.baseAddress, piece.count)
                if count < 0, errno == EINTR { continue }
                if count < 0 { return errno }
                rest = rest.dropFirst(count)
            }
            return nil
        }
    }

    /// A whole regular file. Throws with EFBIG for one of more than `limit` bytes, before anything is read.
    static func read(_ path: Path, limit: Int) throws(TreeError) -> [UInt8] {
        let file = try OpenFile(path)
        guard file.size <= limit else {
            throw TreeError(operation: "reading", path: CapturePath.printable(path), code: EFBIG)
        }
        return try file.read(at: 0, count: file.size)
    }

    /// SHA-256 of a regular file in lowercase hexadecimal, read in pieces; nil where it has another number of bytes,
    /// which is looked at first.
    static func sha256(_ path: Path, bytes expected: Int? = nil) throws(TreeError) -> String? {
        let file = try OpenFile(path)
        if let expected, file.size != expected { return nil }
        let hash = SHA256()
        var offset = 0
        while true {
            let bytes = try file.read(at: offset, count: piece)
            if bytes.isEmpty { break }
            hash.update(bytes)
            offset &+= bytes.count
        }
        return FileDigest.text(hash.finalize())
    }

    /// A regular file, open for reading; a link is not followed and a pipe not waited for.
    private final class OpenFile {
        let size: Int
        private let path: Path
        private let descriptor: Int32

        init(_ path: Path) throws(TreeError) {
            self.path = path
            descriptor = TreeFiles.withPath(path) { open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) }
            let openError = errno
            var status = stat()
            let isThere = descriptor >= 0 && fstat(descriptor, &status) == 0
            size = isThere ? max(0, status.st_size) : 0
            guard descriptor >= 0 else {
                throw TreeError(operation: "opening", path: CapturePath.printable(path), code: openError)
            }
            guard isThere, status.st_mode & S_IFMT == S_IFREG else {
                throw TreeError(operation: "reading", path: CapturePath.printable(path), code: EINVAL)
            }
        }

        deinit { if descriptor >= 0 { close(descriptor) } }

        /// Fewer bytes than asked for only at the end.
        func read(at offset: Int, count: Int) throws(TreeError) -> [UInt8] {
            guard offset < size else { return [] }
            let wanted = max(0, min(count, size &- offset))
            var failed: Int32?
            let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
                while filled < wanted, let base = buffer.baseAddress {
                    let got = pread(descriptor, base.advanced(by: filled), wanted &- filled, off_t(offset &+ filled))
                    if got < 0, errno == EINTR { continue }
                    if got < 0 { failed = errno }
                    if got <= 0 { return }
                    filled &+= got
                }
            }
            if let failed { throw TreeError(operation: "reading", path: CapturePath.printable(path), code: failed) }
            return bytes
        }
    }
}
