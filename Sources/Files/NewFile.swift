import CFiles
import Glibc

/// A file that was not there, being written: under its name, whole and synced, once it is finished, and gone without that.
public final class NewFile {
    private let path: [UInt8]
    private let number: Int32
    private var (isOpen, isKept) = (true, false)

    /// Creates a file; EEXIST where something, be it a link, has the name.
    public init(at path: [UInt8]) throws(Errno) {
        number = try systemCall { withPath(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) } }
        self.path = path
    }

    /// Creates a file under a ``temporaryName(in:)``.
    public static func temporary(in directory: [UInt8]) throws(Errno) -> NewFile {
        while true {
            do throws(Errno) {
                return try NewFile(at: temporaryName(in: directory))
            } catch let error where error.code == EEXIST {}
        }
    }

    deinit {
        if isOpen { close(number) }
        if !isKept { Self.remove(path) }
    }

    /// Writes behind what was written before.
    public func write(_ bytes: [UInt8]) throws(Errno) {
        var done = 0
        while done < bytes.count {
            let rest = bytes[done...]
            done += try systemCall {
                rest.withUnsafeBytes { Glibc.write(number, $0.baseAddress, min($0.count, 1 << 24)) }
            }
        }
    }

    /// Syncs and closes the file, which stays.
    public func finish() throws(Errno) {
        try complete()
        isKept = true
    }

    /// Syncs and closes the file, and gives it another name in the same file system.
    ///
    /// - Parameter overwrite: false refuses a name that is taken (EEXIST).
    public func finish(as target: [UInt8], overwrite: Bool) throws(Errno) {
        try complete()
        try Self.rename(path, to: target, overwrite: overwrite)
        isKept = true
    }

    /// Gives a file another name in the same file system.
    ///
    /// - Parameter overwrite: false refuses a name that is taken (EEXIST).
    public static func rename(_ old: [UInt8], to new: [UInt8], overwrite: Bool = true) throws(Errno) {
        let moved = withPath(old) { old in
            withPath(new) { overwrite ? Glibc.rename(old, $0) : nct_move_to_new_name(old, $0) }
        }
        guard moved == 0 else { throw .current }
    }

    /// Takes a name away; false where that failed.
    @discardableResult
    public static func remove(_ path: [UInt8]) -> Bool { withPath(path) { unlink($0) } == 0 }

    /// Writes a new file and syncs it; on failure nothing is left.
    public static func write(_ bytes: [UInt8], at path: [UInt8]) throws(Errno) {
        let file = try NewFile(at: path)
        try file.write(bytes)
        try file.finish()
    }

    private func complete() throws(Errno) {
        // Some network shares report a full disk only here; EINVAL is said by what cannot be synced.
        do throws(Errno) { try systemCall { fsync(number) } } catch let error where error.code == EINVAL {}
        isOpen = false
        // Also after EINTR the number is free, and may be another thread's file: no second try.
        guard close(number) == 0 || errno == EINTR else { throw .current }
    }

    /// A hidden name that no one else uses.
    public static func temporaryName(in directory: [UInt8]) -> [UInt8] {
        directory + Array("/.nctd-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp".utf8)
    }

    /// Whether the last part of a path is one of ``temporaryName(in:)``.
    public static func isTemporary(_ name: [UInt8]) -> Bool {
        name.starts(with: ".nctd-".utf8) && name.suffix(4).elementsEqual(".tmp".utf8)
    }
}
