import Config
import Glibc
import Watching

/// Until Watching has its own: patterns by fnmatch.
struct GlobPattern: Sendable {
    private let text: String

    init(_ text: String) throws { self.text = text }

    func matches(_ path: CapturePath) -> Bool {
        matches(text: String(decoding: text.contains("/") ? path.bytes : Array(path.name), as: UTF8.self))
    }

    func matches(text name: String) -> Bool { fnmatch(text, name, 1 << 4) == 0 }
}

/// Until Watching has its own: files by their full paths.
public struct PlainDirectorySource: CaptureSource {
    let root: [UInt8]

    public init(root: String) { self.root = Array(root.utf8) }

    private func open(_ path: CapturePath) throws -> Int32 {
        let full = root + [UInt8(ascii: "/")] + path.bytes + [0]
        let descriptor = full.withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                Glibc.open($0.baseAddress!, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            }
        }
        if descriptor >= 0 { return descriptor }
        switch errno {
        case ENOENT, ENOTDIR: throw SourceError.gone("the file is gone")
        case ELOOP: throw SourceError.gone("a symbolic link took its place")
        default: throw SourceError.trouble(code: errno, operation: "opening")
        }
    }

    private func stamp(_ descriptor: Int32) throws -> FileStamp {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SourceError.trouble(code: errno, operation: "looking") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw SourceError.gone("it is no regular file") }
        return FileStamp(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int64(status.st_size),
            modifiedNanoseconds: Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec))
    }

    public func stamp(of path: CapturePath) throws -> FileStamp {
        let descriptor = try open(path)
        defer { close(descriptor) }
        return try stamp(descriptor)
    }

    public func incompleteness(of path: CapturePath) throws -> String? { nil }

    public func read(_ path: CapturePath, limit: Int) throws -> (bytes: [UInt8], before: FileStamp, after: FileStamp) {
        let descriptor = try open(path)
        defer { close(descriptor) }
        let before = try stamp(descriptor)
        guard before.size <= limit else { throw SourceError.tooLarge(before.size) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = Glibc.read(descriptor, &chunk, chunk.count)
            if got < 0 && errno == EINTR { continue }
            if got < 0 { throw SourceError.trouble(code: errno, operation: "reading") }
            if got == 0 { break }
            bytes += chunk[..<got]
            if bytes.count > limit { throw SourceError.tooLarge(Int64(bytes.count)) }
        }
        return (bytes, before, try stamp(descriptor))
    }
}

extension DaemonConfiguration {
    /// Until Config has its own.
    static func read(path: String) throws -> DaemonConfiguration {
        throw ConfigurationError([
            ConfigurationProblem(file: path, line: nil, key: nil, message: "cannot be read yet", remedy: "wait")
        ])
    }
}
