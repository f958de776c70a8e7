import Digests
import Glibc
import NCTEngine

/// A regular file, and only such a one, open for reading; the limits on its bytes are checked as it is opened.
package final class RegularFile {
    package let path: String
    /// In bytes, as it was when it was opened.
    package let size: Int
    private let descriptor: Int32

    package convenience init(path: String, limits: ImageLimits) throws(ImageFileError) {
        try self.init(bytes: Array(path.utf8), path: path, limits: limits)
    }

    /// - Parameters:
    ///   - name: the path as the file system has it, whatever the bytes.
    ///   - path: the path as errors show it.
    package init(bytes name: [UInt8], path: String, limits: ImageLimits) throws(ImageFileError) {
        let name = name.map { CChar(bitPattern: $0) } + [0]
        // Asked first, as opening a device may do something to it, and asked again of what was opened.
        var status = stat()
        guard stat(name, &status) == 0 else { throw ImageFileError.opening(path, errno) }
        try Self.requireRegular(status, path: path)
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let opened = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard opened >= 0 else { throw ImageFileError.opening(path, errno) }
        (self.path, descriptor) = (path, opened)
        guard fstat(opened, &status) == 0 else {
            size = 0
            throw ImageFileError.opening(path, errno)
        }
        size = max(0, status.st_size)
        try Self.requireRegular(status, path: path)
        try limits.check(byteCount: size, path: path)
    }

    deinit { close(descriptor) }

    /// The whole content of a file.
    package static func read(path: String, limits: ImageLimits) throws(ImageFileError) -> [UInt8] {
        try read(bytes: Array(path.utf8), path: path, limits: limits)
    }

    /// - Parameters:
    ///   - name: the path as the file system has it, whatever the bytes.
    ///   - path: the path as errors show it.
    package static func read(
        bytes name: [UInt8], path: String, limits: ImageLimits
    ) throws(ImageFileError) -> [UInt8] {
        let file = try RegularFile(bytes: name, path: path, limits: limits)
        let bytes = try file.read(at: 0, count: file.size)
        guard bytes.count == file.size else {
            throw ImageFileError(
                .truncated, "the file shrank while it was read", path: path, remedy: "wait until it is written")
        }
        return bytes
    }

    /// Up to `count` bytes from an offset; fewer only at the file's end.
    package func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8] {
        guard offset >= 0, offset < size else { return [] }
        let wanted = max(0, min(count, size &- offset))
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
            while filled < wanted, let base = buffer.baseAddress {
                let got = pread(descriptor, base.advanced(by: filled), wanted &- filled, off_t(offset &+ filled))
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                filled &+= got
            }
        }
        guard failure == 0 else {
            throw ImageFileError(
                .unreadable, "reading failed: \(systemMessage(failure))", path: path, remedy: "check the disk or share")
        }
        return bytes
    }

    /// SHA-256 of the content in lowercase hexadecimal, read in pieces.
    package func sha256() throws(ImageFileError) -> String {
        let hash = SHA256()
        var offset = 0
        while true {
            let piece = try read(at: offset, count: 1 << 20)
            if piece.isEmpty { break }
            hash.update(piece)
            offset &+= piece.count
        }
        return hash.finalize().hexadecimal
    }

    private static func requireRegular(_ status: stat, path: String) throws(ImageFileError) {
        guard status.st_mode & S_IFMT != S_IFREG else { return }
        let kind = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe, socket or device"
        throw ImageFileError(.unreadable, "this is \(kind), not a file", path: path, remedy: "give an image file")
    }
}

/// The system's words for an error number.
func systemMessage(_ code: Int32) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

extension ImageFileError {
    fileprivate static func opening(_ path: String, _ code: Int32) -> ImageFileError {
        switch code {
        case ENOENT, ENOTDIR:
            ImageFileError(.notFound, "there is no such file", path: path, remedy: "check the path")
        case EACCES, EPERM:
            ImageFileError(
                .unreadable, "the file may not be read (\(systemMessage(code)))", path: path,
                remedy: "check the permissions of the file and its directories")
        case ELOOP:
            ImageFileError(
                .unreadable, "the file is a link that leads back to itself", path: path, remedy: "check the link")
        default:
            ImageFileError(
                .unreadable, "the file cannot be opened (\(systemMessage(code)))", path: path, remedy: "check the path")
        }
    }
}
