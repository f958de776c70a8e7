import Glibc

/// A regular file, and only such a one, open for reading.
public final class RegularFile: Sendable {
    /// Why a file is not read.
    public enum Refusal: Error, Sendable, Hashable {
        case failed(Errno)
        case isDirectory
        /// A pipe, a socket or a device.
        case isSpecial
        case isTooLarge
        /// It had fewer bytes than when it was opened.
        case shrank
    }

    /// In bytes, as it was when it was opened.
    public let size: Int
    private let descriptor: Descriptor

    /// - Parameters:
    ///   - path: as the file system has it, whatever the bytes.
    ///   - followingLinks: false refuses a link (ELOOP) as the last name of the path.
    public init(_ path: [UInt8], followingLinks: Bool = true) throws(Refusal) {
        if followingLinks {
            // Asked first, as opening a device may do something to it, and asked again of what was opened.
            var status = stat()
            do throws(Errno) {
                try systemCall { withPath(path) { stat($0, &status) } }
            } catch {
                throw .failed(error)
            }
            _ = try Self.size(status)
        }
        // Without O_NONBLOCK, opening a pipe would wait for a writer.
        let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | (followingLinks ? 0 : O_NOFOLLOW)
        let opened: Descriptor
        let status: stat
        do throws(Errno) {
            opened = try Descriptor(opening: path, flags)
            status = try opened.status()
        } catch {
            throw .failed(error)
        }
        size = try Self.size(status)
        descriptor = opened
    }

    private static func size(_ status: stat) throws(Refusal) -> Int {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return max(0, status.st_size)
        case S_IFDIR: throw .isDirectory
        default: throw .isSpecial
        }
    }

    /// Up to `count` bytes from an offset; fewer only at the file's end, which is where it was when it was opened.
    public func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        guard offset >= 0, offset < size else { return [] }
        return try descriptor.read(at: Int64(clamping: offset), count: max(0, min(count, size &- offset)))
    }

    /// The whole content; refused before anything is read where it has more than `limit` bytes.
    public func readAll(limit: Int = .max) throws(Refusal) -> [UInt8] {
        guard size <= limit else { throw .isTooLarge }
        let bytes: [UInt8]
        do throws(Errno) { bytes = try read(at: 0, count: size) } catch { throw .failed(error) }
        guard bytes.count == size else { throw .shrank }
        return bytes
    }
}
