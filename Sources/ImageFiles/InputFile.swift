import Digests
import Files
import Glibc
import NCTEngine

/// A ``RegularFile`` with errors in words; the limits on its bytes are checked as it is opened.
package final class InputFile {
    package let path: String
    private let file: RegularFile

    /// In bytes, as it was when it was opened.
    package var size: Int { file.size }

    package convenience init(path: String, limits: ImageLimits) throws(ImageFileError) {
        try self.init(bytes: Array(path.utf8), path: path, limits: limits)
    }

    /// - Parameters:
    ///   - name: the path as the file system has it, whatever the bytes.
    ///   - path: the path as errors show it.
    package init(bytes name: [UInt8], path: String, limits: ImageLimits) throws(ImageFileError) {
        do throws(RegularFile.Refusal) {
            file = try RegularFile(name)
        } catch {
            throw ImageFileError.opening(path, error)
        }
        self.path = path
        try limits.check(byteCount: file.size, path: path)
    }

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
        try InputFile(bytes: name, path: path, limits: limits).readAll()
    }

    /// The whole content.
    package func readAll() throws(ImageFileError) -> [UInt8] {
        do throws(RegularFile.Refusal) {
            return try file.readAll()
        } catch {
            if case .failed(let error) = error { throw .reading(path, error) }
            throw ImageFileError(
                .truncated, "the file shrank while it was read", path: path, remedy: "wait until it is written")
        }
    }

    /// Up to `count` bytes from an offset; fewer only at the file's end.
    package func read(at offset: Int, count: Int) throws(ImageFileError) -> [UInt8] {
        do throws(Errno) {
            return try file.read(at: offset, count: count)
        } catch {
            throw .reading(path, error)
        }
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
}

extension ImageFileError {
    fileprivate static func reading(_ path: String, _ error: Errno) -> ImageFileError {
        ImageFileError(.unreadable, "reading failed: \(error)", path: path, remedy: "check the disk or share")
    }

    fileprivate static func opening(_ path: String, _ refusal: RegularFile.Refusal) -> ImageFileError {
        func unreadable(_ message: String, _ remedy: String) -> ImageFileError {
            ImageFileError(.unreadable, message, path: path, remedy: remedy)
        }
        guard case .failed(let error) = refusal else {
            let kind = refusal == .isDirectory ? "a directory" : "a pipe, socket or device"
            return unreadable("this is \(kind), not a file", "give an image file")
        }
        switch error.code {
        case ENOENT, ENOTDIR:
            return ImageFileError(.notFound, "there is no such file", path: path, remedy: "check the path")
        case EACCES, EPERM:
            return unreadable(
                "the file may not be read (\(error))", "check the permissions of the file and its directories")
        case ELOOP: return unreadable("the file is a link that leads back to itself", "check the link")
        default: return unreadable("the file cannot be opened (\(error))", "check the path")
        }
    }
}
