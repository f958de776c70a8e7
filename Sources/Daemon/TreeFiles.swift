import CheckedArithmetic
import Foundation
import Glibc
import Watching

/// An operation on a file of the output or quarantine tree that the system refused.
public struct TreeError: Error, Sendable, Equatable, CustomStringConvertible {
    public let operation: String
    public internal(set) var path: String
    public let code: Int32
    /// What there is to say beyond the system's words; nil for nothing.
    var detail: String?

    /// Whether the whole tree, or the machine, is in trouble, and not just this name.
    public var fault: Fault { Fault(code: code) }

    /// True where something else has the name, or one of the folders' names: no wait helps, another name does.
    var isNameTaken: Bool { Self.isNameTaken(code) }

    static func isNameTaken(_ code: Int32) -> Bool { [EISDIR, ENOTDIR, EEXIST, ENOTEMPTY].contains(code) }

    public var message: String { detail ?? "\(operation) failed: \(SystemTrouble.text(code))" }
    public var description: String { "\(path): \(message)" }
}

/// Files under names of any bytes: what Foundation's text paths cannot name. The daemon's only calls that write.
enum TreeFiles {
    typealias Path = [UInt8]

    static func withPath<Result>(_ path: Path, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (path + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }

    private static func check(_ result: Int32, _ operation: String, _ path: Path) throws(TreeError) {
        guard result != 0 else { return }
        throw TreeError(operation: operation, path: CapturePath.printable(path), code: errno)
    }

    /// Makes a tree's directory with those above it, and a directory in it with those between; each new name lasts
    /// through a power cut.
    ///
    /// - Parameter base: the tree, which links may lead to. Below it none is followed: what is written to the tree lies
    ///   in the tree.
    static func makeDirectories(_ path: Path, below base: Path) throws(TreeError) {
        try makeDirectory(base)
        guard path.starts(with: base) else { return try makeDirectory(path) }
        var place = base
        for component in path[base.count...].split(separator: UInt8(ascii: "/")) {
            let parent = place
            place += [UInt8(ascii: "/")] + component
            if withPath(place, { mkdir($0, 0o777) }) == 0 {
                try syncDirectory(parent)
                continue
            }
            let code = errno
            guard code == EEXIST else {
                throw TreeError(operation: "making the directory", path: CapturePath.printable(place), code: code)
            }
            switch kind(of: place) ?? 0 {
            case S_IFDIR: continue
            case S_IFLNK:
                throw TreeError(
                    operation: "entering what is a symbolic link", path: CapturePath.printable(place), code: ELOOP)
            default:
                throw TreeError(operation: "entering", path: CapturePath.printable(place), code: ENOTDIR)
            }
        }
    }

    /// Makes a directory as ``makeDirectories(_:below:)`` does, and has something put into it. Where it is taken away
    /// between, for it was empty, it is made again.
    static func inDirectory(
        _ path: Path, below base: Path, _ put: () throws(TreeError) -> Void
    ) throws(TreeError) {
        for _ in 0..<8 {
            do throws(TreeError) {
                try makeDirectories(path, below: base)
                return try put()
            } catch {
                guard error.code == ENOENT, exists(base), !exists(path) else { throw error }
            }
        }
        try makeDirectories(path, below: base)
        try put()
    }

    /// Takes away a directory and those around it, below a tree, as far as nothing is in them.
    static func removeEmpty(_ path: Path, below base: Path) {
        var place = path
        while place.count > base.count + 1, place.starts(with: base), withPath(place, { rmdir($0) }) == 0 {
            place = directory(of: place)
        }
    }

    /// Makes a directory and those above it, following links.
    private static func makeDirectory(_ path: Path) throws(TreeError) {
        let made = withPath(path) { mkdir($0, 0o777) }
        if made != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT, let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
                throw TreeError(operation: "making the directory", path: CapturePath.printable(path), code: errno)
            }
            try makeDirectory(Array(path[..<slash]))
            if withPath(path, { mkdir($0, 0o777) }) != 0, errno != EEXIST {
                throw TreeError(operation: "making the directory", path: CapturePath.printable(path), code: errno)
            }
        }
        // It may be somebody else's, and closed to reading.
        try? syncDirectory(directory(of: path))
    }

    /// What has a name, a link itself rather than what it leads to: `S_IFDIR` and its like; nil for nothing.
    private static func kind(of path: Path) -> mode_t? {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0 ? status.st_mode & S_IFMT : nil
    }

    static func directory(of path: Path) -> Path {
        path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[..<$0]) } ?? [UInt8(ascii: ".")]
    }

    /// A hidden name that no one else uses, which ``removeTemporaries(in:)`` knows again.
    static func temporaryName(in directory: Path) -> Path {
        directory + Array("/.nctd-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp".utf8)
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
        if try !link(old, to: temporary) { try copy(old, to: temporary) }
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
        if fsync(descriptor) != 0, ![EINVAL, EROFS, ENOTSUP, ENOSYS, EBADF, EISDIR].contains(errno) {
            throw TreeError(operation: "syncing", path: CapturePath.printable(path), code: errno)
        }
    }

    static func exists(_ path: Path) -> Bool {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0
    }

    static func isDirectory(_ path: Path) -> Bool {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// What a file takes of the disk, and which it is; nil where it is not there. A link is not followed.
    static func usage(_ path: Path) -> (bytes: Int64, device: UInt64, inode: UInt64, links: Int)? {
        var status = stat()
        guard withPath(path, { lstat($0, &status) }) == 0 else { return nil }
        let bytes = (Int64(status.st_blocks) *? 512) ?? Int64(status.st_size)
        return (bytes, UInt64(status.st_dev), UInt64(status.st_ino), Int(clamping: status.st_nlink))
    }

    /// Free for this process, in bytes; nil where the file system does not say.
    static func freeBytes(_ path: Path) -> Int64? {
        var status = statvfs()
        guard withPath(path, { statvfs($0, &status) }) == 0 else { return nil }
        return (Int64(clamping: status.f_bavail) *? Int64(clamping: status.f_frsize)) ?? .max
    }

    /// Names in a directory, in no order, without `.` and `..`; a link is no directory. Throws where it is there and
    /// cannot be listed.
    static func names(in directory: Path) throws(TreeError) -> [(name: Path, isDirectory: Bool)] {
        guard let stream = withPath(directory, { opendir($0) }) else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw TreeError(operation: "listing", path: CapturePath.printable(directory), code: errno)
        }
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
        ((try? names(in: directory)) ?? []).count { entry in
            !entry.isDirectory && isTemporary(entry.name) && remove(directory + [UInt8(ascii: "/")] + entry.name)
        }
    }

    /// Whether a name is one of ``temporaryName(in:)``.
    static func isTemporary(_ name: Path) -> Bool {
        name.starts(with: ".nctd-".utf8) && name.suffix(4).elementsEqual(".tmp".utf8)
    }

    /// The most bytes of a name in a directory; nil where the file system does not say.
    static func longestName(in directory: Path) -> Int? {
        var status = statvfs()
        guard withPath(directory, { statvfs($0, &status) }) == 0, status.f_namemax >= 64 else { return nil }
        return Int(clamping: status.f_namemax)
    }
}
