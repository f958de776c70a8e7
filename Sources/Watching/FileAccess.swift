import Config
import Files
import Glibc

/// A call of the system that failed: what was attempted, on what, and the system's reason.
public struct FileError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The error number (`errno`).
    public let code: Int32
    /// An infinitive, such as "open".
    public let attempt: String
    /// Printable, see ``CapturePath/description``.
    public let path: String

    public init(code: Int32, attempt: String, path: String) {
        self.code = code
        self.attempt = attempt
        self.path = path
    }

    /// True if the file is simply not there (any more).
    public var isGone: Bool { code == ENOENT || code == ENOTDIR }

    /// True if the same call may well succeed later.
    public var isTransient: Bool { Fault(code: code) != .capture && code != EACCES && code != EPERM }

    public var reason: String { "\(Errno(code: code))" }

    public var description: String { "cannot \(attempt) \(path): \(reason)" }

    /// Does what is attempted on a path, and says so where the system refuses.
    static func attempt<Value>(
        _ attempt: String, _ path: @autoclosure () -> String, _ body: () throws(Errno) -> Value
    ) throws(FileError) -> Value {
        do throws(Errno) {
            return try body()
        } catch {
            throw FileError(code: error.code, attempt: attempt, path: path())
        }
    }
}

extension Descriptor {
    /// Opens a root: links in the path to it are followed, as its name is the administrator's.
    static func root(_ path: String) throws(FileError) -> Descriptor {
        try FileError.attempt("open", path) { () throws(Errno) in
            try Descriptor(opening: path.utf8, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        }
    }

    /// Opens one name in this directory; a link is not followed (ELOOP, or ENOTDIR where a directory is asked for).
    func open(_ name: some Collection<UInt8>, _ flags: Int32) throws(Errno) -> Descriptor {
        try Descriptor(opening: name, flags | O_NOFOLLOW, in: self)
    }

    /// Opens a path below this directory, component by component, so that no link in it is followed.
    func open(beneath path: CapturePath, _ flags: Int32) throws(FileError) -> Descriptor {
        let components = path.bytes.split(separator: UInt8(ascii: "/"))
        var current = self
        for (index, component) in components.enumerated() {
            let way = index == components.count - 1 ? flags : Self.pathOnly | O_DIRECTORY
            current = try FileError.attempt("open", path.description) { () throws(Errno) in
                try current.open(component, way)
            }
        }
        return current
    }

    /// What a name in this directory is, a link itself rather than what it leads to.
    func status(of name: some Collection<UInt8>) throws(Errno) -> stat {
        var status = stat()
        try systemCall { withPath(name) { fstatat(number, $0, &status, AT_SYMLINK_NOFOLLOW) } }
        return status
    }

    /// The names in this directory in the order of their bytes, and the error that ended the listing early.
    func names() -> (names: NameList, error: Errno?) {
        var list = NameList()
        // The stream takes over its descriptor, and a duplicate would share the position: a fresh one is opened.
        let fresh = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fresh >= 0 else { return (list, .current) }
        guard let stream = fdopendir(fresh) else {
            let error = Errno.current
            close(fresh)
            return (list, error)
        }
        defer { closedir(stream) }
        while true {
            errno = 0
            guard let entry = readdir(stream) else { break }
            let offset = MemoryLayout<dirent>.offset(of: \.d_name) ?? 19
            let name = UnsafeRawPointer(entry).advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            let bytes = UnsafeBufferPointer(start: name, count: strlen(UnsafePointer<CChar>(OpaquePointer(name))))
            if bytes.elementsEqual(".".utf8) || bytes.elementsEqual("..".utf8) { continue }
            list.append(bytes)
        }
        let error = errno == 0 ? nil : Errno.current
        list.sort()
        return (list, error)
    }
}

/// What a directory holds, by names of any bytes.
public enum DirectoryListing {
    /// The names in the order of their bytes. Throws ``FileError`` if the directory cannot be opened or read to its end.
    public static func names(ofDirectoryAt path: [UInt8]) throws(FileError) -> [[UInt8]] {
        let shown = PrintableName.text(path)
        let directory = try FileError.attempt("open", shown) { () throws(Errno) in
            try Descriptor(opening: path, O_RDONLY | O_DIRECTORY | O_NONBLOCK)
        }
        let (list, error) = directory.names()
        if let error { throw FileError(code: error.code, attempt: "list", path: shown) }
        return (0..<list.count).map { Array(list[$0]) }
    }
}

extension FileStamp {
    init(_ status: stat) {
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modifiedNanoseconds: Self.nanoseconds(status.st_mtim), changedNanoseconds: Self.nanoseconds(status.st_ctim))
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}

/// Many names in two allocations, so that a directory of 100,000 files costs a few megabytes.
struct NameList {
    private var bytes: [UInt8] = []
    private var starts: [UInt32] = []

    var count: Int { starts.count }

    /// Names past 4 GiB of them do not fit; no directory has so many.
    mutating func append(_ name: some Collection<UInt8>) {
        guard let start = UInt32(exactly: bytes.count) else { return }
        starts.append(start)
        bytes.append(contentsOf: name)
        bytes.append(0)
    }

    mutating func sort() {
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
            starts.sort { strcmp(base + Int($0), base + Int($1)) < 0 }
        }
    }

    subscript(_ index: Int) -> ArraySlice<UInt8> {
        let start = Int(starts[index])
        return bytes[start...].prefix { $0 != 0 }
    }
}
