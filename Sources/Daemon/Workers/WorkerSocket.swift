import CWorkers
import CheckedArithmetic
import Foundation
import Glibc

/// What can go wrong with a message.
package enum FrameError: Error, Equatable {
    /// The other end is closed, between two messages.
    case ended
    /// It was closed within one.
    case truncated
    /// The bytes are no message, or more than was to be expected.
    case garbled(String)
    /// It did not come, or was not taken, in time.
    case late
    case system(Int32)
}

/// One end of the socket between the daemon and a worker. A message is a text of JSON, and bytes after it; a descriptor
/// may come with its first byte.
///
/// On the wire: `NCTW`, the lengths of both as 32 and 64 bits in the machine's order, then both.
package final class WorkerSocket: Sendable {
    package struct Message {
        package var text: Data
        package var body: [UInt8]
        /// The receiver's to close.
        package var descriptor: Int32?
    }

    /// More than any message's text.
    package static let longestText = 8 << 20
    private static let magic: [UInt8] = Array("NCTW".utf8)
    private static let headerCount = 16

    package let number: Int32

    /// Takes over a descriptor.
    init(number: Int32) { self.number = number }

    deinit { close(number) }

    /// Two ends of one.
    package static func pair() throws -> (WorkerSocket, WorkerSocket) {
        var numbers: [Int32] = [-1, -1]
        let kind = Int32(clamping: SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &numbers) == 0 else { throw FrameError.system(errno) }
        return (WorkerSocket(number: numbers[0]), WorkerSocket(number: numbers[1]))
    }

    /// When an exchange must be over; the time that the machine sleeps does not count.
    package typealias Deadline = SuspendingClock.Instant

    /// Sends a message, and waits for that as long as it takes, or up to a deadline.
    package func send(
        _ text: Data, body: [UInt8] = [], descriptor: Int32 = -1, until deadline: Deadline? = nil
    ) throws(FrameError) {
        var header = Self.magic
        withUnsafeBytes(of: UInt32(clamping: text.count)) { header += $0 }
        withUnsafeBytes(of: UInt64(clamping: body.count)) { header += $0 }
        header.append(contentsOf: text)
        try send(header, descriptor, deadline)
        try send(body, -1, deadline)
    }

    private func send(_ bytes: [UInt8], _ descriptor: Int32, _ deadline: Deadline?) throws(FrameError) {
        var descriptor = descriptor
        var sent = 0
        while sent < bytes.count {
            if let deadline { try wait(for: POLLOUT, until: deadline) }
            let count = bytes.withUnsafeBytes {
                nct_send(number, $0.baseAddress! + sent, $0.count &- sent, descriptor, deadline == nil)
            }
            if count < 0, errno == EAGAIN { continue }
            guard count > 0 else { throw count < 0 && errno != EPIPE ? .system(errno) : .ended }
            descriptor = -1
            sent &+= count
        }
    }

    /// Returns once the socket has bytes or room, or its other end is closed.
    ///
    /// By the one who waits, not by a timer that would end the other side: a timer for each message costs wakeups of
    /// threads, and on a busy machine threads that stay.
    private func wait(for event: Int32, until deadline: Deadline) throws(FrameError) {
        while true {
            let left = SuspendingClock.now.duration(to: deadline) / .milliseconds(1)
            var entry = pollfd(fd: number, events: Int16(clamping: event), revents: 0)
            let milliseconds = Int32(max(0, min(left.rounded(.up), 86_400_000)))  // bounded: within a day
            let count = poll(&entry, 1, milliseconds)
            if count > 0 { return }
            // Cut short by a signal it is asked anew above, for what time is left.
            if count < 0, errno != EINTR { throw .system(errno) }
            if count == 0, left <= 0 { throw .late }
        }
    }

    /// The next message; its body has at most so many bytes. Waits as long as it takes, or up to a deadline.
    package func receive(bodyLimit: Int, until deadline: Deadline? = nil) throws(FrameError) -> Message {
        var descriptor: Int32?
        do throws(FrameError) {
            let header = try take(Self.headerCount, &descriptor, deadline)
            guard header.starts(with: Self.magic) else { throw .garbled("it begins with other bytes") }
            let textCount = Int(clamping: UInt64(bytes: header[4..<8], bigEndian: false))
            let bodyCount = Int(clamping: UInt64(bytes: header[8..<16], bigEndian: false))
            guard textCount <= Self.longestText else { throw .garbled("a text of \(textCount) bytes") }
            guard bodyCount <= bodyLimit else {
                throw .garbled("\(bodyCount) bytes, and at most \(bodyLimit) are taken")
            }
            let text = try rest(textCount, &descriptor, deadline)
            let body = try rest(bodyCount, &descriptor, deadline)
            return Message(text: Data(text), body: body, descriptor: descriptor)
        } catch {
            if let descriptor { close(descriptor) }
            throw error
        }
    }

    private func rest(
        _ count: Int, _ descriptor: inout Int32?, _ deadline: Deadline?
    ) throws(FrameError) -> [UInt8] {
        do throws(FrameError) {
            return try take(count, &descriptor, deadline)
        } catch {
            throw error == .ended ? .truncated : error
        }
    }

    /// So many bytes. What was announced and does not come takes no memory: it grows with what is there.
    private func take(
        _ count: Int, _ descriptor: inout Int32?, _ deadline: Deadline?
    ) throws(FrameError) -> [UInt8] {
        var bytes: [UInt8] = []
        var piece = 1 << 20
        while bytes.count < count {
            let begin = bytes.count
            let wanted = min(piece, count &- begin)
            bytes.append(contentsOf: repeatElement(0, count: wanted))
            var filled = 0
            while filled < wanted {
                if let deadline { try wait(for: POLLIN, until: deadline) }
                var passed: Int32 = -1
                let got = bytes.withUnsafeMutableBytes {
                    nct_receive(number, $0.baseAddress!.advanced(by: begin &+ filled), wanted &- filled, &passed)
                }
                if passed >= 0 {
                    if let descriptor { close(descriptor) }
                    descriptor = passed
                }
                guard got > 0 else {
                    if got < 0, errno != ECONNRESET { throw .system(errno) }
                    throw begin &+ filled == 0 ? .ended : .truncated
                }
                filled &+= got
            }
            piece = min(piece << 1, 64 << 20)
        }
        return bytes
    }
}

/// What this process has to ask of the system to be a worker.
enum WorkerConfinement {
    /// Ends this process with the daemon, whatever it is at; also if the daemon is gone already.
    static func dieWith(parent: pid_t) {
        guard nct_die_with_parent() == 0, getppid() == parent else { exit(1) }
    }

    /// Takes most system calls from this process. Returns the system's error number; 0 where all is well.
    static func confine() -> Int32 { nct_confine() }
}
