import Config
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

    public var reason: String { Self.text(code) }

    public var description: String { "cannot \(attempt) \(path): \(reason)" }

    /// The system's words for an error number.
    public static func text(_ code: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// An open file descriptor, closed with its last owner.
final class Descriptor: Sendable {
    let number: Int32

    /// Linux's O_PATH, which the C headers show only to those who define _GNU_SOURCE.
    static let pathOnly: Int32 = 0o1000_0000

    init(number: Int32) { self.number = number }

    deinit { close(number) }

    /// Opens a root: links in the path to it are followed, as its name is the administrator's.
    static func root(_ path: String) throws(FileError) -> Descriptor {
        let number = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)
        guard number >= 0 else { throw FileError(code: errno, attempt: "open", path: path) }
        return Descriptor(number: number)
    }

    /// Opens one name in this directory; a link is not followed (ELOOP, or ENOTDIR where a directory is asked for).
    func open(_ name: some Collection<UInt8>, _ flags: Int32) -> Result<Descriptor, Errno> {
        var text = name.map { CChar(bitPattern: $0) }
        text.append(0)
        while true {
            let opened = openat(number, text, flags | O_NOFOLLOW | O_CLOEXEC)
            if opened >= 0 { return .success(Descriptor(number: opened)) }
            if errno != EINTR { return .failure(Errno(code: errno)) }
        }
    }

    /// Opens a path below this directory, component by component, so that no link in it is followed.
    func open(beneath path: CapturePath, _ flags: Int32) throws(FileError) -> Descriptor {
        let components = path.bytes.split(separator: UInt8(ascii: "/"))
        var current = self
        for (index, component) in components.enumerated() {
            let isLast = index == components.count - 1
            switch current.open(component, isLast ? flags : Self.pathOnly | O_DIRECTORY) {
            case .success(let next): current = next
            case .failure(let error):
                throw FileError(code: error.code, attempt: "open", path: path.description)
            }
        }
        return current
    }

    /// What a name in this directory is, a link itself rather than what it leads to.
    func status(of name: some Collection<UInt8>) -> Result<stat, Errno> {
        var text = name.map { CChar(bitPattern: $0) }
        text.append(0)
        var status = stat()
        return fstatat(number, text, &status, AT_SYMLINK_NOFOLLOW) == 0
            ? .success(status) : .failure(Errno(code: errno))
    }

    func status() -> Result<stat, Errno> {
        var status = stat()
        return fstat(number, &status) == 0 ? .success(status) : .failure(Errno(code: errno))
    }

    /// The names in this directory in the order of their bytes, and the error that ended the listing early.
    func names() -> (names: NameList, error: Errno?) {
        var list = NameList()
        // The stream takes over its descriptor, and a duplicate would share the position: a fresh one is opened.
        let fresh = openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard fresh >= 0 else { return (list, Errno(code: errno)) }
        guard let stream = fdopendir(fresh) else {
            let error = Errno(code: errno)
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
        let error = errno == 0 ? nil : Errno(code: errno)
        list.sort()
        return (list, error)
    }

    /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
    func read(at offset: Int64, count: Int) -> Result<[UInt8], Errno> {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                let got = pread(number, base + filled, count - filled, off_t(offset) + filled)
                if got < 0, errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        return failure == 0 ? .success(bytes) : .failure(Errno(code: failure))
    }
}

/// What a directory holds, by names of any bytes.
public enum DirectoryListing {
    /// The names in the order of their bytes. Throws ``FileError`` if the directory cannot be opened or read to its end.
    public static func names(ofDirectoryAt path: [UInt8]) throws(FileError) -> [[UInt8]] {
        let shown = PrintableName.text(path)
        let number = (path + [0]).withUnsafeBytes {
            Glibc.open(
                $0.baseAddress!.assumingMemoryBound(to: CChar.self), O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC)
        }
        guard number >= 0 else { throw FileError(code: errno, attempt: "open", path: shown) }
        let (list, error) = Descriptor(number: number).names()
        if let error { throw FileError(code: error.code, attempt: "list", path: shown) }
        return (0..<list.count).map { Array(list[$0]) }
    }
}

/// A bare error number.
struct Errno: Error { let code: Int32 }

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
