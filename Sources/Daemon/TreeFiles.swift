import Foundation
import Glibc
import Watching

/// An operation on a file of the output or quarantine tree that the system refused.
public struct TreeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let operation: String
    public let path: String
    public let code: Int32

    /// True where the whole file system is in trouble (full, read-only, failing), not just this name.
    public var concernsFileSystem: Bool { [ENOSPC, EDQUOT, EROFS, EIO, ESTALE, ENODEV, ENXIO].contains(code) }

    public var message: String { "\(operation) failed: \(String(cString: strerror(code)))" }
    public var description: String { "\(path): \(message)" }
}

/// Files under names of any bytes: what Foundation's text paths cannot name. The daemon's only calls that write.
enum TreeFiles {
    typealias Path = [UInt8]

    private static func withPath<Result>(_ path: Path, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (path + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    private static func check(_ result: Int32, _ operation: String, _ path: Path) throws(TreeError) {
        guard result != 0 else { return }
        throw TreeError(operation: operation, path: CapturePath.printable(path), code: errno)
    }

    /// Makes a directory and those above it.
    static func makeDirectories(_ path: Path) throws(TreeError) {
        if withPath(path, { mkdir($0, 0o777) }) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
            throw TreeError(operation: "making the directory", path: CapturePath.printable(path), code: errno)
        }
        try makeDirectories(Array(path[..<slash]))
        if withPath(path, { mkdir($0, 0o777) }) != 0, errno != EEXIST {
            throw TreeError(operation: "making the directory", path: CapturePath.printable(path), code: errno)
        }
    }

    static func directory(of path: Path) -> Path {
        path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[..<$0]) } ?? [UInt8(ascii: ".")]
    }

    /// A hidden name that no one else uses, which ``removeTemporaries(in:)`` knows again.
    static func temporaryName(in directory: Path) -> Path {
        directory + Array("/.nctd-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp".utf8)
    }

    /// Writes a new file and syncs it; on failure nothing is left.
    static func writeNew(_ bytes: [UInt8], to path: Path) throws(TreeError) {
        let descriptor = withPath(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
        guard descriptor >= 0 else {
            throw TreeError(operation: "creating", path: CapturePath.printable(path), code: errno)
        }
        var failed: Int32?
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = write(descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 24))
                if count < 0 {
                    if errno == EINTR { continue }
                    failed = errno
                    return
                }
                done += count
            }
        }
        if failed == nil && fsync(descriptor) != 0 && errno != EINVAL { failed = errno }
        if close(descriptor) != 0 && failed == nil && errno != EINTR { failed = errno }
        if let failed {
            remove(path)
            throw TreeError(operation: "writing", path: CapturePath.printable(path), code: failed)
        }
    }

    static func rename(_ old: Path, to new: Path) throws(TreeError) {
        try check(withPath(old) { old in withPath(new) { Glibc.rename(old, $0) } }, "renaming", new)
    }

    /// A second name for a file; false where the file system has no such thing.
    static func link(_ old: Path, to new: Path) throws(TreeError) -> Bool {
        if withPath(old, { old in withPath(new) { Glibc.link(old, $0) } }) == 0 { return true }
        if [EPERM, EXDEV, EMLINK, ENOTSUP, ENOSYS].contains(errno) { return false }
        throw TreeError(operation: "linking", path: CapturePath.printable(new), code: errno)
    }

    /// A second name, or a copy where there are no links. A file that has the new name is replaced.
    static func linkOrCopy(_ old: Path, to new: Path) throws(TreeError) {
        let temporary = temporaryName(in: directory(of: new))
        if try !link(old, to: temporary) { try writeNew(read(old), to: temporary) }
        do throws(TreeError) {
            try rename(temporary, to: new)
        } catch {
            remove(temporary)
            throw error
        }
        // Renaming one link of a file onto another does nothing and leaves both.
        remove(temporary)
    }

    @discardableResult
    static func remove(_ path: Path) -> Bool { withPath(path) { unlink($0) } == 0 }

    /// Removes a file that must not stay.
    static func removeSurely(_ path: Path) throws(TreeError) {
        if remove(path) || errno == ENOENT { return }
        throw TreeError(operation: "removing", path: CapturePath.printable(path), code: errno)
    }

    /// Makes names last through a power cut; file systems that cannot are left alone.
    static func syncDirectory(_ path: Path) throws(TreeError) {
        let descriptor = withPath(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw TreeError(operation: "syncing", path: CapturePath.printable(path), code: errno)
        }
        defer { close(descriptor) }
        if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS {
            throw TreeError(operation: "syncing", path: CapturePath.printable(path), code: errno)
        }
    }

    static func exists(_ path: Path) -> Bool {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0
    }

    static func read(_ path: Path) throws(TreeError) -> [UInt8] {
        let descriptor = withPath(path) { open($0, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC) }
        guard descriptor >= 0 else {
            throw TreeError(operation: "opening", path: CapturePath.printable(path), code: errno)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw TreeError(operation: "reading", path: CapturePath.printable(path), code: EINVAL)
        }
        var failed: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: status.st_size) { buffer, count in
            while count < status.st_size {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, status.st_size - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failed = errno }
                if got <= 0 { return }
                count += got
            }
        }
        if let failed { throw TreeError(operation: "reading", path: CapturePath.printable(path), code: failed) }
        return bytes
    }

    /// Free for this process, in bytes; nil where the file system does not say.
    static func freeBytes(_ path: Path) -> Int64? {
        var status = statvfs()
        guard withPath(path, { statvfs($0, &status) }) == 0 else { return nil }
        return Int64(status.f_bavail) * Int64(status.f_frsize)
    }

    /// Names in a directory, in no order, without `.` and `..`; empty where it cannot be read.
    static func names(in directory: Path) -> [(name: Path, isDirectory: Bool)] {
        guard let stream = withPath(directory, { opendir($0) }) else { return [] }
        defer { closedir(stream) }
        var names: [(Path, Bool)] = []
        while let entry = readdir(stream) {
            let length = Int(strlen(nameOf(entry)))
            let name = Array(UnsafeRawBufferPointer(start: nameOf(entry), count: length))
            if name.elementsEqual(".".utf8) || name.elementsEqual("..".utf8) { continue }
            var isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
            if entry.pointee.d_type == UInt8(DT_UNKNOWN) {
                var status = stat()
                let path = directory + [UInt8(ascii: "/")] + name
                isDirectory = withPath(path) { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
            }
            names.append((name, isDirectory))
        }
        return names
    }

    private static func nameOf(_ entry: UnsafeMutablePointer<dirent>) -> UnsafePointer<CChar> {
        let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
        return UnsafePointer(UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: CChar.self))
    }

    /// Removes what a process that died left half written in a directory; returns how many files.
    @discardableResult
    static func removeTemporaries(in directory: Path) -> Int {
        names(in: directory).count { entry in
            !entry.isDirectory && entry.name.starts(with: ".nctd-".utf8)
                && entry.name.suffix(4).elementsEqual(".tmp".utf8)
                && remove(directory + [UInt8(ascii: "/")] + entry.name)
        }
    }
}
