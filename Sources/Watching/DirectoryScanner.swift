import Files
import Glibc

/// Walks a tree depth first in the order of the names' bytes, one entry per call.
///
/// Links are followed only where that is asked for and within the root, FIFOs, sockets and devices never opened. Memory: the names of the directories between the
/// root and the current entry; one or two descriptors are open at a time, however deep the tree is. What vanishes
/// meanwhile is passed over.
public struct DirectoryScanner {
    public enum Entry: Sendable, Equatable {
        /// A directory, before anything in it; nil is the root. Its names are listed at the next call, so a watch that
        /// is set now misses nothing.
        case directory(CapturePath?)
        case file(Sighting)
        /// A symbolic link that is not followed, with what it itself looks like.
        case link(Sighting)
        /// Something that is none of these, or a directory that is one of those around it.
        case other(CapturePath, OtherKind)
        /// A directory (nil: the root) or an entry that could not be looked at; what is below it is unknown.
        case problem(CapturePath?, FileError)
    }

    public enum OtherKind: String, Sendable {
        case pipe = "a FIFO"
        case socket = "a socket"
        case device = "a device"
        case loop = "a directory inside itself"
    }

    private struct Level {
        var path: [UInt8]
        /// The path without links.
        var place: [UInt8]
        var names: NameList
        var next = 0
        var device: UInt64
        var inode: UInt64
    }

    /// What is attempted on a name in a directory that was listed.
    static let look = "look at"
    /// Nothing sensible is deeper.
    private static let deepest = 512

    private let root: Descriptor
    private let rootName: String
    private let isRecursive: Bool
    private let followsLinks: Bool
    private var levels: [Level] = []
    /// The directory of the innermost level; reopened when a level is left.
    private var current: Descriptor?
    /// A directory that was announced and not listed yet.
    private var announced: Announced?
    private struct Announced {
        var path: [UInt8]
        var place: [UInt8]
        var descriptor: Descriptor
        var status: stat
    }

    private var isStarted = false
    private let start: CapturePath?

    /// The descriptor of the directory that the last ``next()`` announced; nil for one that a link led to, which may be
    /// announced under its own name as well.
    var announcedDescriptor: Int32? {
        announced.flatMap { $0.path == $0.place ? $0.descriptor.number : nil }
    }

    /// A scan of a root, or of a directory below it. Throws ``FileError`` if the root cannot be opened.
    public init(
        root: String, from start: CapturePath? = nil, recursive: Bool = true, followingLinks: Bool = false
    ) throws(FileError) {
        self.root = try Descriptor.root(root)
        rootName = root
        followsLinks = followingLinks
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
            if let problem = enter(announced) { return problem }
        }
        while let index = levels.indices.last {
            guard levels[index].next < levels[index].names.count else {
                levels.removeLast()
                current = nil
                continue
            }
            if current == nil {
                do throws(FileError) {
                    current = try open(levels[index].place)
                } catch {
                    let left = levels.removeLast()
                    if error.isGone || error.code == ELOOP { continue }
                    return .problem(CapturePath(bytes: left.path), error)
                }
            }
            let name = levels[index].names[levels[index].next]
            levels[index].next += 1
            if let entry = look(at: name, in: levels[index]) { return entry }
        }
        return nil
    }

    private mutating func begin() -> Entry? {
        let path = start?.bytes ?? []
        do throws(FileError) {
            let descriptor = try open(path)
            let status = try FileError.attempt("look at", text(path)) { () throws(Errno) in try descriptor.status() }
            announced = Announced(path: path, place: path, descriptor: descriptor, status: status)
            return .directory(start)
        } catch {
            return start != nil && (error.isGone || error.code == ELOOP) ? nil : .problem(start, error)
        }
    }

    private func open(_ path: [UInt8]) throws(FileError) -> Descriptor {
        guard let path = CapturePath(bytes: path) else { return root }
        return try root.open(beneath: path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
    }

    private mutating func enter(_ directory: Announced) -> Entry? {
        let (names, error) = directory.descriptor.names()
        let status = directory.status
        levels.append(
            Level(
                path: directory.path, place: directory.place, names: names, device: UInt64(status.st_dev),
                inode: UInt64(status.st_ino)))
        current = directory.descriptor
        guard let error, error.code != ENOENT else { return nil }
        let path = directory.path
        return .problem(CapturePath(bytes: path), FileError(code: error.code, attempt: "list", path: text(path)))
    }

    private mutating func look(at name: ArraySlice<UInt8>, in level: Level) -> Entry? {
        func below(_ directory: [UInt8]) -> [UInt8] {
            directory.isEmpty ? Array(name) : directory + [UInt8(ascii: "/")] + name
        }
        let bytes = below(level.path)
        guard let current, let path = CapturePath(bytes: bytes) else { return nil }
        func problem(_ code: Int32, _ attempt: String) -> Entry? { self.problem(code, attempt, path) }
        let status: stat
        do throws(Errno) { status = try current.status(of: name) } catch { return problem(error.code, Self.look) }
        let place = below(level.place)
        switch status.st_mode & S_IFMT {
        case S_IFREG:
            let link = place == bytes ? nil : CapturePath(bytes: place).map { LinkState.target($0) }
            return .file(Sighting(path: path, stamp: FileStamp(status), link: link))
        case S_IFLNK: return follow(path, place, FileStamp(status))
        case S_IFIFO: return .other(path, .pipe)
        case S_IFSOCK: return .other(path, .socket)
        case S_IFDIR: break
        default: return .other(path, .device)
        }
        guard isRecursive else { return nil }
        if isAround(status) { return .other(path, .loop) }
        do throws(Errno) {
            let descriptor = try current.open(name, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
            return announce(Announced(path: bytes, place: place, descriptor: descriptor, status: status), path)
        } catch {
            return problem(error.code, "open")
        }
    }

    private func problem(_ code: Int32, _ attempt: String, _ path: CapturePath) -> Entry? {
        code == ENOENT || code == ENOTDIR || code == ELOOP
            ? nil : .problem(path, FileError(code: code, attempt: attempt, path: path.description))
    }

    private func isAround(_ status: stat) -> Bool {
        levels.contains { $0.device == UInt64(status.st_dev) && $0.inode == UInt64(status.st_ino) }
    }

    private mutating func announce(_ directory: Announced, _ path: CapturePath) -> Entry? {
        guard levels.count < Self.deepest else { return problem(ENAMETOOLONG, "descend into", path) }
        announced = directory
        return .directory(path)
    }

    /// What a link leads to, under the link's name.
    private mutating func follow(_ path: CapturePath, _ place: [UInt8], _ stamp: FileStamp) -> Entry? {
        guard followsLinks, let own = CapturePath(bytes: place) else {
            return .link(Sighting(path: path, stamp: stamp, link: .notFollowed))
        }
        let link = LinkState.resolve(root: rootName, path: own)
        guard case .target(let target) = link else { return .link(Sighting(path: path, stamp: stamp, link: link)) }
        do throws(FileError) {
            let descriptor = try root.open(beneath: target, Descriptor.pathOnly)
            guard let status = try? descriptor.status() else { return nil }
            switch status.st_mode & S_IFMT {
            case S_IFREG: return .file(Sighting(path: path, stamp: FileStamp(status), link: link))
            case S_IFDIR where isRecursive:
                if isAround(status) { return .link(Sighting(path: path, stamp: stamp, link: .circle)) }
                let directory = try root.open(beneath: target, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
                return announce(
                    Announced(path: path.bytes, place: target.bytes, descriptor: directory, status: status), path)
            default: return nil
            }
        } catch {
            return problem(error.code, error.attempt, path)
        }
    }

    private func text(_ path: [UInt8]) -> String { path.isEmpty ? "the root" : CapturePath.printable(path) }
}
