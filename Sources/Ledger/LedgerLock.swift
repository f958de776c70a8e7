import Files
import Foundation

/// The state directory's lock: one daemon at a time, and the second learns the first one's process id.
///
/// The kernel lets go of it when the process ends, however it ends, so no stale lock is ever left. It is an open file
/// description lock for writing, fcntl(2): whoever reads the file, or locks it for reading as flock(1) does, stops no start.
public final class LedgerLock: Sendable {
    public static let fileName = "nctd.lock"

    private let descriptor: Descriptor

    /// F_OFD_GETLK and F_OFD_SETLK, which the C headers show only to those who define _GNU_SOURCE.
    private static let (getLock, setLock): (Int32, Int32) = (36, 37)

    /// The whole file, for writing.
    private static var writeLock: flock {
        var lock: flock = .init()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    /// Makes the state directory if it is not there, and locks it.
    ///
    /// Throws ``LedgerError`` with code `locked` and the holder's process id, or `unusable`.
    public init(stateDirectory: String) throws {
        let path = stateDirectory + "/" + Self.fileName
        // Where it cannot be made, opening the file says why.
        try? FileManager.default.createDirectory(atPath: stateDirectory, withIntermediateDirectories: true)
        do throws(Errno) {
            descriptor = try Descriptor(opening: path.utf8, O_RDWR | O_CREAT, mode: 0o644)
        } catch {
            throw LedgerError(
                .unusable, "the lock file cannot be opened (\(error))", path: path,
                remedy: "make the state directory writable for the user that the daemon runs as")
        }
        var wanted = Self.writeLock
        guard fcntl(descriptor.number, Self.setLock, &wanted) == 0 else {
            let error = Errno.current
            let holder = Self.processID(in: descriptor)
            guard error.code == EAGAIN || error.code == EACCES else {
                throw LedgerError(
                    .unusable, "the file system cannot lock (\(error))", path: path,
                    remedy: "put the state directory on a local file system")
            }
            throw LedgerError(
                .locked,
                "another daemon works with this state directory, process \(holder.map(String.init) ?? "unknown")",
                path: path, remedy: "stop it, or give this one a state_directory of its own")
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor.number, 0)
        _ = text.withUnsafeBytes { pwrite(descriptor.number, $0.baseAddress, $0.count, 0) }
    }

    /// The process that holds a state directory's lock just now; nil if none does.
    public static func holder(stateDirectory: String) -> Int? {
        guard let descriptor = try? Descriptor(opening: "\(stateDirectory)/\(fileName)".utf8, O_RDONLY) else {
            return nil
        }
        var found = writeLock
        guard fcntl(descriptor.number, getLock, &found) == 0, found.l_type != Int16(F_UNLCK) else { return nil }
        return processID(in: descriptor)
    }

    private static func processID(in descriptor: Descriptor) -> Int? {
        (try? descriptor.read(at: 0, count: 32)).flatMap {
            Int(String(decoding: $0, as: UTF8.self).filter(\.isNumber))
        }
    }
}
