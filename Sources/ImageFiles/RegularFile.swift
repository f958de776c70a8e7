import Glibc

/// Reads whole regular files, and only those.
enum RegularFile {
    /// - Parameter prefix: at most this many bytes from the start; nil reads all.
    static func read(path: String, limits: ImageLimits, prefix: Int? = nil) throws(ImageFileError) -> [UInt8] {
        // Asked first, as opening a device may do something to it, and asked again of what was opened.
        var status = stat()
        guard stat(path, &status) == 0 else { throw ImageFileError.opening(path, errno) }
        try requireRegular(status, path: path)
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImageFileError.opening(path, errno) }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0 else { throw ImageFileError.opening(path, errno) }
        try requireRegular(status, path: path)
        try limits.check(byteCount: status.st_size, path: path)
        let wanted = min(status.st_size, prefix ?? .max)
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
            while count < wanted {
                let got = Glibc.read(descriptor, buffer.baseAddress! + count, wanted - count)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { break }
                count += got
            }
        }
        if failure != 0 {
            throw ImageFileError(
                .unreadable, "reading failed: \(systemMessage(failure))", path: path, remedy: "check the disk or share")
        }
        guard bytes.count == wanted else {
            throw ImageFileError(
                .truncated, "the file shrank while it was read", path: path, remedy: "wait until it is written")
        }
        return bytes
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
