import Glibc

/// Walks a tree depth first in the order of the names' bytes, one entry a call.
///
/// Links are never followed, FIFOs, sockets and devices never opened. Memory: the names of the directories between the
/// root and the current entry; one or two descriptors are open at a time, however deep the tree is. What vanishes
/// meanwhile is passed over.
public struct DirectoryScanner {
    public enum Entry: Sendable, Equatable {
        /// A directory, before anything in it; nil is the root. Its names are listed at the next call, so a watch that
        /// is set now misses nothing.
        case directory(CapturePath?)
        case file(Sighting)
        /// Something that is neither, or a directory that is one of those around it.
        case other(CapturePath, OtherKind)
        /// A directory (nil: the root) or an entry that could not be looked at; what is below it is unknown.
        case problem(CapturePath?, FileError)
    }

    public enum OtherKind: String, Sendable {
        case link = "a symbolic link"
        case pipe = "a FIFO"
        case socket = "a socket"
        case device = "a device"
        case loop = "a directory inside itself"
    }

    private struct Level {
        var path: [UInt8]
        var names: NameList
        var next = 0
        var device: UInt64
        var inode: UInt64
    }

    /// Nothing sensible is deeper.
    private static let deepest = 512

    private let root: Descriptor
    private let isRecursive: Bool
    private var levels: [Level] = []
    /// The directory of the innermost level; reopened when a level is left.
    private var current: Descriptor?
    /// A directory that was announced and not listed yet.
    private var announced: (path: [UInt8], descriptor: Descriptor, status: stat)?
    private var isStarted = false
    private let start: CapturePath?

    /// The descriptor of the directory that the last ``next()`` announced.
    var announcedDescriptor: Int32? { announced?.descriptor.number }

    /// A scan of a root, or of a directory below it. Throws ``FileError`` if the root cannot be opened.
    public init(root: String, from start: CapturePath? = nil, recursive: Bool = true) throws(FileError) {
        self.root = try Descriptor.root(root)
        self.start = start
        isRecursive = recursive
    }

    /// The next entry; nil at the end.
    public mutating func next() -> Entry? {
        if !isStarted {
            isStarted = true
            return begin()
        }
        if let announced {
            self.announced = nil
            if let problem = enter(announced.path, announced.descriptor, announced.status) { return problem }
        }
        while let index = levels.indices.last {
            guard levels[index].next < levels[index].names.count else {
                levels.removeLast()
                current = nil
                continue
            }
            if current == nil {
                do throws(FileError) {
                    current = try open(levels[index].path)
                } catch {
                    let left = levels.removeLast()
                    if error.isGone || error.code == ELOOP { continue }
                    return .problem(CapturePath(bytes: left.path), error)
                }
            }
            let name = levels[index].names[levels[index].next]
            levels[index].next += 1
            if let entry = look(at: name, in: levels[index].path) { return entry }
        }
        return nil
    }

    private mutating func begin() -> Entry? {
        let path = start?.bytes ?? []
        do throws(FileError) {
            let descriptor = try open(path)
            switch descriptor.status() {
            case .success(let status): announced = (path, descriptor, status)
            case .failure(let error): throw FileError(code: error.code, attempt: "look at", path: text(path))
            }
            return .directory(start)
        } catch {
            return start != nil && (error.isGone || error.code == ELOOP) ? nil : .problem(start, error)
        }
    }

    private func open(_ path: [UInt8]) throws(FileError) -> Descriptor {
        guard let path = CapturePath(bytes: path) else { return root }
        return try root.open(beneath: path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
    }

    private mutating func enter(_ path: [UInt8], _ descriptor: Descriptor, _ status: stat) -> Entry? {
        let (names, error) = descriptor.names()
        levels.append(
            Level(path: path, names: names, device: UInt64(status.st_dev), inode: UInt64(status.st_ino)))
        current = descriptor
        guard let error, error.code != ENOENT else { return nil }
        return .problem(CapturePath(bytes: path), FileError(code: error.code, attempt: "list", path: text(path)))
    }

    private mutating func look(at name: ArraySlice<UInt8>, in directory: [UInt8]) -> Entry? {
        let bytes = directory.isEmpty ? Array(name) : directory + [UInt8(ascii: "/")] + name
        guard let current, let path = CapturePath(bytes: bytes) else { return nil }
        func problem(_ code: Int32, _ attempt: String) -> Entry? {
            code == ENOENT || code == ENOTDIR || code == ELOOP
                ? nil : .problem(path, FileError(code: code, attempt: attempt, path: path.description))
        }
        let status: stat
        switch current.status(of: name) {
        case .success(let found): status = found
        case .failure(let error): return problem(error.code, "look at")
        }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return .file(Sighting(path: path, stamp: FileStamp(status)))
        case S_IFLNK: return .other(path, .link)
        case S_IFIFO: return .other(path, .pipe)
        case S_IFSOCK: return .other(path, .socket)
        case S_IFDIR: break
        default: return .other(path, .device)
        }
        guard isRecursive else { return nil }
        if levels.contains(where: { $0.device == UInt64(status.st_dev) && $0.inode == UInt64(status.st_ino) }) {
            return .other(path, .loop)
        }
        guard levels.count < Self.deepest else { return problem(ENAMETOOLONG, "descend into") }
        switch current.open(name, O_RDONLY | O_DIRECTORY | O_NONBLOCK) {
        case .success(let descriptor):
            announced = (bytes, descriptor, status)
            return .directory(path)
        case .failure(let error): return problem(error.code, "open")
        }
    }

    private func text(_ path: [UInt8]) -> String { path.isEmpty ? "the root" : CapturePath.printable(path) }
}
