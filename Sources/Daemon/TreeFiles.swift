import CheckedArithmetic
import Files
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

    /// Whether what lies at the path is not the tree that was, or may not be taken for one.
    public var isAway: Bool { code == ENODEV }

    /// Whether it met something in a tree, or the tree itself.
    func lies(in directory: String) -> Bool { path == directory || path.hasPrefix(directory + "/") }

    static func isNameTaken(_ code: Int32) -> Bool { [EISDIR, ENOTDIR, EEXIST, ENOTEMPTY].contains(code) }

    public var message: String { detail ?? "\(operation) failed: \(SystemTrouble.text(code))" }
    public var description: String { "\(path): \(message)" }
}

extension TreeError {
    init(_ operation: String, _ path: [UInt8], _ code: Int32) {
        self.init(operation: operation, path: CapturePath.printable(path), code: code)
    }

    /// Does something to a path, and names the operation where the system refuses.
    static func naming<Value>(
        _ operation: String, _ path: [UInt8], _ body: () throws(Errno) -> Value
    ) throws(TreeError) -> Value {
        do throws(Errno) {
            return try body()
        } catch {
            throw TreeError(operation, path, error.code)
        }
    }
}

/// Files under names of any bytes: what Foundation's text paths cannot name. The daemon's only calls that write.
enum TreeFiles {
    typealias Path = [UInt8]

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
                throw TreeError("making the directory", place, code)
            }
            switch kind(of: place) ?? 0 {
            case S_IFDIR: continue
            case S_IFLNK: throw TreeError("entering what is a symbolic link", place, ELOOP)
            default: throw TreeError("entering", place, ENOTDIR)
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
            place = DurableDirectory.holding(place)
        }
    }

    /// Makes a directory and those above it, following links.
    private static func makeDirectory(_ path: Path) throws(TreeError) {
        let made = withPath(path) { mkdir($0, 0o777) }
        if made != 0 {
            if errno == EEXIST { return }
            guard errno == ENOENT, let slash = path.lastIndex(of: UInt8(ascii: "/")), slash > 0 else {
                throw TreeError("making the directory", path, errno)
            }
            try makeDirectory(Array(path[..<slash]))
            if withPath(path, { mkdir($0, 0o777) }) != 0, errno != EEXIST {
                throw TreeError("making the directory", path, errno)
            }
        }
        // It may be somebody else's, and closed to reading.
        try? syncDirectory(DurableDirectory.holding(path))
    }

    /// What has a name, a link itself rather than what it leads to: `S_IFDIR` and its like; nil for nothing.
    private static func kind(of path: Path) -> mode_t? {
        var status = stat()
        return withPath(path) { lstat($0, &status) } == 0 ? status.st_mode & S_IFMT : nil
    }

    static func rename(_ old: Path, to new: Path) throws(TreeError) {
        try TreeError.naming("renaming", new) { () throws(Errno) in try NewFile.rename(old, to: new) }
    }

    /// A second name for a file; false where the file system has no such thing.
    static func link(_ old: Path, to new: Path) throws(TreeError) -> Bool {
        if withPath(old, { old in withPath(new) { Glibc.link(old, $0) } }) == 0 { return true }
        if [EPERM, EXDEV, EMLINK, ENOTSUP, ENOSYS].contains(errno) { return false }
        throw TreeError("linking", new, errno)
    }

    /// A second name, or a copy where there are no links. A file that has the new name is replaced.
    static func linkOrCopy(_ old: Path, to new: Path) throws(TreeError) {
        let temporary = NewFile.temporaryName(in: DurableDirectory.holding(new))
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
    static func remove(_ path: Path) -> Bool { NewFile.remove(path) }

    /// Removes a file that must not stay.
    static func removeSurely(_ path: Path) throws(TreeError) {
        if remove(path) || errno == ENOENT { return }
        throw TreeError("removing", path, errno)
    }

    /// Makes names last through a power cut; file systems that cannot are left alone.
    static func syncDirectory(_ path: Path) throws(TreeError) {
        try TreeError.naming("syncing", path) { () throws(Errno) in try DurableDirectory.sync(path) }
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
            throw TreeError("listing", directory, errno)
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
            !entry.isDirectory && NewFile.isTemporary(entry.name)
                && remove(directory + [UInt8(ascii: "/")] + entry.name)
        }
    }

    /// The most bytes of a name in a directory; nil where the file system does not say.
    static func longestName(in directory: Path) -> Int? {
        var status = statvfs()
        guard withPath(directory, { statvfs($0, &status) }) == 0, status.f_namemax >= 64 else { return nil }
        return Int(clamping: status.f_namemax)
    }
}
