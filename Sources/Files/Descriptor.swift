import Glibc

/// An open file descriptor, closed with its last owner.
public final class Descriptor: Sendable {
    public let number: Int32

    /// Linux's O_PATH, which the C headers show only to those who define _GNU_SOURCE.
    public static let pathOnly: Int32 = 0o1000_0000

    /// Takes over an open one.
    public init(adopting number: Int32) { self.number = number }

    /// Opens a path, closed on exec.
    ///
    /// - Parameters:
    ///   - directory: what a relative path begins at; nil for the working directory.
    ///   - mode: the rights of a file that is made (O_CREAT).
    public init(
        opening path: some Collection<UInt8>, _ flags: Int32, in directory: Descriptor? = nil, mode: mode_t = 0
    ) throws(Errno) {
        let start = directory?.number ?? AT_FDCWD
        number = try systemCall { withPath(path) { openat(start, $0, flags | O_CLOEXEC, mode) } }
    }

    deinit { close(number) }

    /// What it is open on.
    public func status() throws(Errno) -> stat {
        var status = stat()
        try systemCall { fstat(number, &status) }
        return status
    }

    /// Reads up to `count` bytes at an offset; fewer only at the end of the file.
    public func read(at offset: Int64, count: Int) throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: max(0, count)) { buffer, filled in
            do throws(Errno) {
                while filled < count, let base = buffer.baseAddress {
                    let (place, room, done) = (base.advanced(by: filled), count &- filled, filled)
                    let got = try systemCall { pread(number, place, room, off_t(offset) &+ done) }
                    if got == 0 { break }
                    filled &+= got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
