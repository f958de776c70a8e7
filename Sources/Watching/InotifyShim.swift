import CInotifyTools
import Glibc

/// The kernel's file events as a set of watches on directories that yields events, by libinotifytools.
///
/// The files that begin with `InotifyShim` are the only ones that know the library; `docs/inotify.md` lists its habits,
/// and what is done here about each. The library keeps one state per process, so there may be one value of this type,
/// used under one lock; only a ``InotifyShimWait`` is used outside of it.
struct InotifyShim: Sendable {
    struct Event {
        var watch: Int32
        /// The bits of `InotifyBit`.
        var mask: UInt32
        /// What the two halves of a move have in common.
        var cookie: UInt32
        /// The entry of the watched directory that the event is about; empty for the directory itself.
        var name: [UInt8]
    }

    enum Addition {
        case set(Int32)
        /// The directory is not there any more.
        case gone
        /// No watch can be had; a reason with what to do.
        case refused(String)
    }

    enum Reading {
        case event(Event)
        /// An event that says nothing, since others before it were lost.
        case lost
        /// All that was there when the reading began is read.
        case end
        /// Read to the end, but events were lost: all watches must be set again in a new instance.
        case overrun
        /// Read to the end, and the instance has served long enough: all watches must be set again in a new one.
        case worn
    }

    /// Nothing in it happens when a file is merely opened, read or closed unwritten, so the daemon's own work brings no
    /// events. Deleted directories tell by IN_IGNORED.
    private static let mask =
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_MOVED_FROM | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK

    /// Watches that the kernel may drop before the instance is worn: years of directories would add up in the library's
    /// table. By eye; a table of this length takes some megabytes.
    private static let dropLimit = 20_000

    private(set) var isOpen = false
    private var descriptors = InotifyShimDescriptors()
    private var waker = InotifyShimWaker()
    private var watches: Set<Int32> = []
    /// How many watches the kernel has dropped by itself.
    private var dropped = 0
    /// How many paths have been made.
    private var paths: UInt64 = 0
    /// The next mark, set ahead so that there is one when the limit of watches is reached.
    private var mark: Int32?
    /// The mark that the present reading goes up to, and whether events were lost before it.
    private var plantedMark: Int32?
    private var isOverrun = false

    // MARK: The instance

    /// Opens an instance if none is open; returns why that failed, with what to do.
    mutating func open() -> String? {
        guard !isOpen else { return nil }
        if let reason = waker.open() { return reason }
        descriptors.hold(copiesOf: waker.descriptor)
        while true {
            let hadLent = descriptors.lend()
            guard inotifytools_init(0, 0, 0) == 1 else { return InotifyLimits.instanceRefusal(inotifytools_error()) }
            setMark()
            guard let mark else {
                let code = inotifytools_error()
                inotifytools_cleanup()
                return code == 0 || code == ENOENT ? "/proc is not there; mount it" : InotifyLimits.watchRefusal(code)
            }
            if descriptors.find(mark) { break }
            inotifytools_cleanup()
            self.mark = nil
            if !hadLent {
                return "this process has too many files open (libinotifytools needs one of the first "
                    + "\(InotifyShimDescriptors.limit)); restart it"
            }
        }
        isOpen = true
        wake()
        return nil
    }

    /// Ends the instance and all watches.
    mutating func close() {
        guard isOpen else { return }
        discard()
        inotifytools_cleanup()
        descriptors.found = nil
        (isOpen, isOverrun) = (false, false)
        (mark, plantedMark) = (nil, nil)
        (watches, dropped) = ([], 0)
        wake()
    }

    /// Empties the library's buffer, which outlives its instance: the next one counts its watches from 1 again, and
    /// would take what is left for its own.
    private mutating func discard() {
        // Without watches nothing comes after the mark. Past the library, which complains of those that are gone already.
        if let descriptor = descriptors.found {
            for watch in watches { inotify_rm_watch(descriptor, watch) }
        }
        let mark = plantMark()
        while let event = inotifytools_next_event(1) {
            if event.pointee.wd == mark, event.pointee.mask & UInt32(IN_IGNORED) != 0 { break }
        }
    }

    // MARK: Watches

    /// Watches a directory that is open.
    mutating func watch(_ descriptor: Int32) -> Addition {
        paths += 1
        let path = Self.path(descriptor, paths)
        guard inotifytools_watch_file(path, Int32(Self.mask)) == 1 else {
            let code = inotifytools_error()
            return [ENOENT, ENOTDIR, EBADF].contains(code) ? .gone : .refused(InotifyLimits.watchRefusal(code))
        }
        let watch = inotifytools_wd_from_filename(path)
        guard watch > 0 else { return .refused("libinotifytools does not know the watch that it has just set") }
        watches.insert(watch)
        return .set(watch)
    }

    /// A path to an open directory that no other watch has: the number stands in it as `/` (0) and `/.` (1). No link or
    /// rename can make it lead elsewhere.
    private static func path(_ descriptor: Int32, _ number: UInt64) -> String {
        var path = "/proc/self/fd/\(descriptor)"
        for bit in 0..<48 { path += number >> UInt64(bit) & 1 == 0 ? "/" : "/." }
        return path + "/"
    }

    /// Ends watches. The library prints an error for one that has ended by itself: events are read first, where some
    /// may have.
    mutating func remove(_ unneeded: [Int32]) {
        for watch in unneeded {
            watches.remove(watch)
            inotifytools_remove_watch_by_wd(watch)
        }
    }

    // MARK: Reading

    /// The next of the events that are there, without waiting: what comes after a reading has begun is left to the next
    /// one. What the library has read ahead by then, ``InotifyShimWait`` does not see; it is fetched half a second
    /// later at most.
    mutating func next() -> Reading {
        if plantedMark == nil { plantedMark = plantMark() }
        guard let event = inotifytools_next_event(1) else { return end() }
        let (watch, mask, cookie) = (event.pointee.wd, event.pointee.mask, event.pointee.cookie)
        if mask & UInt32(IN_Q_OVERFLOW) != 0 {
            // The mark may have been lost with the rest.
            isOverrun = true
            plantedMark = plantMark()
            return .lost
        }
        let isIgnored = mask & UInt32(IN_IGNORED) != 0
        if isIgnored, watch == plantedMark { return end() }
        if isOverrun { return .lost }
        if isIgnored, watches.remove(watch) != nil { dropped += 1 }
        let start = UnsafeRawPointer(event).advanced(by: MemoryLayout<inotify_event>.size)
        let name = UnsafeRawBufferPointer(start: start, count: Int(event.pointee.len)).prefix { $0 != 0 }
        return .event(Event(watch: watch, mask: mask, cookie: cookie, name: Array(name)))
    }

    private mutating func end() -> Reading {
        plantedMark = nil
        if isOverrun { return .overrun }
        return dropped > Self.dropLimit ? .worn : .end
    }

    private mutating func setMark() {
        let path = "/proc/self/fd/\(waker.descriptor)"
        let isSet = inotifytools_watch_file(path, Int32(IN_DELETE_SELF)) == 1
        mark = isSet ? inotifytools_wd_from_filename(path) : nil
    }

    /// Removes the mark's watch, which puts an IN_IGNORED event at the end of the queue, and sets the next one. Nil if
    /// somebody else took the last watch meanwhile; the queue's end then shows by a second of silence.
    private mutating func plantMark() -> Int32? {
        if mark == nil { setMark() }
        guard let mark else { return nil }
        inotifytools_remove_watch_by_wd(mark)
        setMark()
        return mark
    }

    // MARK: Waiting

    /// Ends the present wait, or else the next one.
    func wake() { waker.wake() }

    /// - Parameter hearing: false to wait as if no events came.
    func wait(hearing: Bool) -> InotifyShimWait {
        InotifyShimWait(waker: waker.descriptor, events: hearing ? descriptors.found : nil, isOpen: isOpen)
    }
}
