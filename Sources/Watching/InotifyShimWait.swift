import Files
import Glibc

/// A pipe that ends a wait for events, which the library could not.
struct InotifyShimWaker: Sendable {
    /// The end that is waited on; -1 before ``open()``.
    private(set) var descriptor: Int32 = -1
    private var writingEnd: Int32 = -1

    /// Opens the pipe if it is not open; returns why that failed.
    mutating func open() -> String? {
        guard descriptor < 0 else { return nil }
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return "no pipe can be opened (\(Errno.current))" }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writingEnd) = (ends[0], ends[1])
        return nil
    }

    /// A pipe that is full wakes as well.
    func wake() {
        var byte: UInt8 = 1
        _ = write(writingEnd, &byte, 1)
    }
}

/// What a thread waits for: taken under the lock, waited for outside of it.
struct InotifyShimWait: Sendable {
    var waker: Int32
    /// The library's descriptor; nil where it was not found.
    var events: Int32?
    var isOpen: Bool

    /// Returns when there are events or somebody wakes; while an instance is open, after half a second at most, and
    /// where its descriptor is not known, after a fifth of one.
    func callAsFunction() {
        var waits = [pollfd(fd: waker, events: Int16(POLLIN), revents: 0)]
        if let events { waits.append(pollfd(fd: events, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&waits, nfds_t(waits.count), isOpen ? (events == nil ? 200 : 500) : -1)
        var bytes = [UInt8](repeating: 0, count: 256)
        _ = read(waker, &bytes, bytes.count)
    }
}
