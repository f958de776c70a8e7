import CInotifyTools
import Files
import Foundation
import Synchronization

/// The kernel's file events for all roots, by libinotifytools: the only file that uses it.
///
/// The library keeps one process-wide state, so there is one hub; every call is made under one lock, and one thread
/// waits for events. Four habits of the library shape what follows.
///
/// - It knows watches by path strings and keeps an entry when the kernel has dropped the watch, so that a path used
///   twice finds the old watch. Here each watch gets a path of its own through `/proc/self/fd`, which also rules out
///   that a link or a rename leads elsewhere; which directory it is stands in ``InotifyTree``.
/// - `inotifytools_next_event` waits at least a second, or for ever, when there is nothing. It is only called when
///   there is something: the end of the queue is marked by removing a watch, whose IN_IGNORED event comes last. What
///   the library read beyond the mark is fetched at the next look, half a second later at most.
/// - Its wait cannot be ended from outside. The thread waits by `poll` on the library's descriptor, which is found in
///   `/proc/self/fd`, and on one for waking it; where the descriptor is not found it looks five times a second.
/// - It uses `select`, so its descriptor must be below 1024: some such numbers are held for it from the start.
public final class InotifyHub: Sendable {
    public static let shared = InotifyHub()

    private struct State {
        var isOpen = false
        /// The library's descriptor, if it was found.
        var descriptor: Int32?
        /// The ends of a pipe that wakes the thread; the mark's watch is set on it.
        var waker: Int32 = -1
        var wakerEnd: Int32 = -1
        /// Descriptors of low numbers that are held, to be given to the library when it opens.
        var lowDescriptors: [Int32] = []
        /// The next mark, set ahead so that there is one when the limit of watches is reached.
        var mark: Int32?
        /// The mark that a reading in parts goes up to, and whether events were lost before it.
        var plantedMark: Int32?
        var isOverrun = false
        var tree = InotifyTree()
        var mailboxes: [Int: InotifyMailbox] = [:]
        var keys: UInt64 = 0
        var subscriptions = 0
        var isReading = true
        var watchLimit = Int.max
    }

    private let state = Mutex(State())

    private init() {}

    /// Nothing in it happens when a file is merely opened, read or closed unwritten, so the daemon's own work brings no
    /// events. Deleted directories tell by IN_IGNORED.
    private static let mask =
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVED_FROM | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK

    // MARK: For root watchers

    enum Outcome: Equatable {
        case watched
        /// The directory, or the one around it, went away meanwhile; an event or a scan tells more.
        case gone
        /// No watch can be had; a reason with what to do.
        case refused(String)
    }

    enum Subscription {
        /// The new subscriber's number, with its mailbox; it has no watches yet.
        case given(Int, InotifyMailbox)
        /// Events cannot be had; a reason with what to do.
        case refused(String)
    }

    func subscribe() -> Subscription {
        state.withLock { state in
            if !state.isOpen, let reason = open(&state) { return .refused(reason) }
            state.subscriptions += 1
            let mailbox = InotifyMailbox()
            state.mailboxes[state.subscriptions] = mailbox
            return .given(state.subscriptions, mailbox)
        }
    }

    /// Ends a subscription and all of its watches.
    func unsubscribe(_ id: Int) {
        state.withLock { state in
            state.mailboxes[id] = nil
            if state.mailboxes.isEmpty {
                close(&state)
            } else {
                // What the kernel has dropped by itself must be known first: the library complains about it.
                drain(&state)
                remove(state.tree.removeAll(of: id), &state)
            }
        }
    }

    /// Watches a directory that is open; a directory that is watched under this path already costs nothing.
    func watch(_ descriptor: Int32, _ path: CapturePath?, for id: Int) -> Outcome {
        state.withLock { state in
            guard state.isOpen, state.mailboxes[id] != nil else { return .gone }
            var status = stat()
            guard fstat(descriptor, &status) == 0 else { return .gone }
            let identity = InotifyTree.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
            if state.tree.holds(path, identity, of: id) { return .watched }
            guard state.tree.count < state.watchLimit else { return .refused(Self.reason(ENOSPC)) }
            state.keys += 1
            let key = Self.key(descriptor, state.keys)
            guard inotifytools_watch_file(key, Int32(Self.mask)) == 1 else {
                let code = inotifytools_error()
                return [ENOENT, ENOTDIR, EBADF].contains(code) ? .gone : .refused(Self.reason(code))
            }
            let watch = inotifytools_wd_from_filename(key)
            guard watch > 0 else { return .refused("libinotifytools does not know the watch that it has just set") }
            let (isPlaced, unneeded) = state.tree.place(watch, path, identity, of: id)
            remove(unneeded, &state)
            return isPlaced ? .watched : .gone
        }
    }

    private static func reason(_ code: Int32) -> String {
        guard code == ENOSPC else { return "inotify gives no watch (\(Errno(code: code)))" }
        let now = InotifyLimits.current.watches
        return
            "the limit of inotify watches is reached (fs.inotify.max_user_watches = \(now.map(String.init) ?? "?")); "
            + "raise it, such as with sysctl fs.inotify.max_user_watches=\(max(524_288, (now ?? 0) * 2)), then restart"
    }

    /// A path to an open directory that no other watch has: the number stands in it as `/` (0) and `/.` (1).
    private static func key(_ descriptor: Int32, _ number: UInt64) -> String {
        var key = "/proc/self/fd/\(descriptor)"
        for bit in 0..<48 { key += number >> UInt64(bit) & 1 == 0 ? "/" : "/." }
        return key + "/"
    }

    // MARK: For tests

    /// Stops and resumes the fetching of events, as if the process stood still.
    package func setReading(_ isReading: Bool) {
        state.withLock { state in
            state.isReading = isReading
            wake(state.wakerEnd)
        }
    }

    /// Refuses watches beyond a number, as the kernel does beyond its own limit; nil lifts it.
    package func setWatchLimit(_ limit: Int?) { state.withLock { $0.watchLimit = limit ?? .max } }

    package var watchCount: Int { state.withLock { $0.tree.count } }

    // MARK: The library

    /// Makes the thread and the library's instance, where they are not there yet; returns why that failed.
    private func open(_ state: inout sending State) -> String? {
        if state.waker < 0 {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else { return "no pipe can be opened (\(Errno.current))" }
            for end in ends {
                _ = fcntl(end, F_SETFD, FD_CLOEXEC)
                _ = fcntl(end, F_SETFL, O_NONBLOCK)
            }
            (state.waker, state.wakerEnd) = (ends[0], ends[1])
            // A subscriber may come before the thread is there.
            Thread.detachNewThread { [self] in readForEver() }
        }
        holdLowDescriptors(&state)
        while true {
            // Another thread may take the number that is let go here; then the next one is tried.
            let lent = state.lowDescriptors.popLast()
            if let lent { Glibc.close(lent) }
            let before = Set(Self.inotifyDescriptors())
            guard inotifytools_init(0, 0, 0) == 1 else { return Self.instanceReason(inotifytools_error()) }
            let found = Self.inotifyDescriptors().filter { !before.contains($0) }
            setMark(&state)
            guard let mark = state.mark else {
                let code = inotifytools_error()
                inotifytools_cleanup()
                return code == 0 || code == ENOENT ? "/proc is not there; mount it" : Self.reason(code)
            }
            // Whoever has the new watch in its list is the library's.
            let line = "inotify wd:\(String(mark, radix: 16)) "
            state.descriptor = found.first {
                KernelFile.lines("/proc/self/fdinfo/\($0)")?.contains { $0.hasPrefix(line) } == true
            }
            guard let descriptor = state.descriptor, descriptor >= Self.highestDescriptor else { break }
            inotifytools_cleanup()
            (state.descriptor, state.mark) = (nil, nil)
            if lent == nil {
                return "this process has too many files open (libinotifytools needs one of the first "
                    + "\(Self.highestDescriptor)); restart it"
            }
        }
        if let descriptor = state.descriptor { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        state.isOpen = true
        wake(state.wakerEnd)
        return nil
    }

    /// What `select` can wait for.
    private static let highestDescriptor: Int32 = 1024

    private func holdLowDescriptors(_ state: inout sending State) {
        while state.lowDescriptors.count < 4 {
            let number = fcntl(state.waker, F_DUPFD_CLOEXEC, 3)
            guard number >= 0 else { return }
            guard number < Self.highestDescriptor else {
                Glibc.close(number)
                return
            }
            state.lowDescriptors.append(number)
        }
    }

    private static func instanceReason(_ code: Int32) -> String {
        guard code == EMFILE else { return "inotify cannot be opened (\(Errno(code: code)))" }
        let now = InotifyLimits.current.instances.map(String.init) ?? "unknown"
        return "the kernel gives no more inotify instances or descriptors; raise fs.inotify.max_user_instances (now "
            + "\(now)) with sysctl, or the limit of open files, then restart"
    }

    private func close(_ state: inout sending State) {
        guard state.isOpen else { return }
        discard(&state)
        inotifytools_cleanup()
        state.isOpen = false
        state.descriptor = nil
        state.mark = nil
        state.plantedMark = nil
        state.isOverrun = false
        state.tree = InotifyTree()
        wake(state.wakerEnd)
    }

    /// Empties the library's buffer, which outlives its instance: the next one counts its watches from 1 again, and
    /// would take what is left for its own.
    private func discard(_ state: inout sending State) {
        // Without watches nothing comes after the mark. Past the library, which complains of those that are gone already.
        if let descriptor = state.descriptor {
            for watch in state.tree.watches { inotify_rm_watch(descriptor, watch) }
        }
        let mark = plantMark(&state)
        while let event = inotifytools_next_event(1) {
            if event.pointee.wd == mark, event.pointee.mask & UInt32(IN_IGNORED) != 0 { break }
        }
    }

    /// Starts anew with no watches; everybody has to scan and watch again.
    private func renew(_ state: inout sending State, _ mail: InotifyMailbox.Mail) {
        close(&state)
        let isOpen = open(&state) == nil
        for mailbox in state.mailboxes.values { mailbox.post(isOpen ? mail : .rootGone) }
    }

    private static func inotifyDescriptors() -> [Int32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        return names.compactMap { Int32($0) }.filter { number in
            var target = [CChar](repeating: 0, count: 64)
            let length = readlink("/proc/self/fd/\(number)", &target, target.count - 1)
            return length > 0
                && String(decoding: target[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
                    .hasSuffix("inotify")
        }
    }

    private func setMark(_ state: inout sending State) {
        let key = "/proc/self/fd/\(state.waker)"
        let isSet = inotifytools_watch_file(key, Int32(IN_DELETE_SELF)) == 1
        state.mark = isSet ? inotifytools_wd_from_filename(key) : nil
    }

    /// Removes the mark's watch, which puts an IN_IGNORED event at the end of the queue, and sets the next one. Nil if
    /// somebody else took the last watch meanwhile; the queue's end then shows by a second of silence.
    private func plantMark(_ state: inout sending State) -> Int32? {
        if state.mark == nil { setMark(&state) }
        guard let mark = state.mark else { return nil }
        inotifytools_remove_watch_by_wd(mark)
        setMark(&state)
        return mark
    }

    private func remove(_ watches: [Int32], _ state: inout sending State) {
        for watch in watches { inotifytools_remove_watch_by_wd(watch) }
    }

    // MARK: Reading

    /// A pipe that is full wakes as well.
    private func wake(_ end: Int32) {
        var byte: UInt8 = 1
        _ = write(end, &byte, 1)
    }

    private func readForEver() {
        while true {
            let (descriptor, waker, isOpen) = state.withLock { state in
                (state.isReading ? state.descriptor : nil, state.waker, state.isOpen)
            }
            var waits = [pollfd(fd: waker, events: Int16(POLLIN), revents: 0)]
            if let descriptor { waits.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
            _ = poll(&waits, nfds_t(waits.count), isOpen ? (descriptor == nil ? 200 : 500) : -1)
            var bytes = [UInt8](repeating: 0, count: 256)
            _ = read(waker, &bytes, bytes.count)
            // In parts, so that nobody who wants the lock waits for a long queue.
            while !state.withLock({ state in
                state.isOpen && state.isReading ? drain(&state, atMost: 512) : true
            }) {}
        }
    }

    /// Takes the events up to now, or a part of them (false).
    @discardableResult
    private func drain(_ state: inout sending State, atMost limit: Int = .max) -> Bool {
        if state.plantedMark == nil { state.plantedMark = plantMark(&state) }
        var count = 0
        while let event = inotifytools_next_event(1) {
            count += 1
            let (watch, mask, cookie) = (event.pointee.wd, event.pointee.mask, event.pointee.cookie)
            if mask & UInt32(IN_Q_OVERFLOW) != 0 {
                // The mark may have been lost with the rest.
                state.isOverrun = true
                state.plantedMark = plantMark(&state)
                continue
            }
            if watch == state.plantedMark, mask & UInt32(IN_IGNORED) != 0 { break }
            if state.isOverrun { continue }
            let start = UnsafeRawPointer(event).advanced(by: MemoryLayout<inotify_event>.size)
            let name = UnsafeRawBufferPointer(start: start, count: Int(event.pointee.len)).prefix { $0 != 0 }
            let changes = state.tree.take(watch, mask, cookie, Array(name))
            for change in changes { state.mailboxes[change.subscriber]?.post(change.mail) }
            if count >= limit { return false }
        }
        state.plantedMark = nil
        if state.isOverrun {
            renew(&state, .overflow)
        } else {
            remove(state.tree.removeDetached(), &state)
            // The library forgets no watch that the kernel has dropped; years of directories would add up.
            if state.tree.dropped > 20_000 { renew(&state, .renewed) }
        }
        return true
    }
}

/// What the kernel allows, from `/proc/sys/fs/inotify`; nil where it would not tell.
public struct InotifyLimits: Sendable, Equatable {
    /// Directories that one user may watch.
    public var watches: Int?
    public var instances: Int?
    /// Events that wait before they are lost.
    public var queuedEvents: Int?

    public static var current: InotifyLimits {
        func value(_ name: String) -> Int? { KernelFile.number("/proc/sys/fs/inotify/\(name)") }
        return InotifyLimits(
            watches: value("max_user_watches"), instances: value("max_user_instances"),
            queuedEvents: value("max_queued_events"))
    }
}
