import Files
import Glibc
import Synchronization

/// What is mounted on this machine, and what should be.
///
/// The table is long and asked for several times per capture, so it is read again only when the kernel says that it changed.
public final class MountTable: Sendable {
    static let shared = MountTable()

    private struct State {
        var text: [UInt8]?
        var entries: [String: MountEntry] = [:]
    }

    private let watch = MountWatch()
    private let state = Mutex(State())

    private init() {}

    /// The mount with an id; nil where there is none, or `/proc` cannot tell.
    func entry(_ id: String) -> MountEntry? {
        state.withLock { state in
            // Asked before it is read: what changes meanwhile shows the next time.
            if watch.wait(milliseconds: 0) || state.text == nil {
                state = State(text: KernelFile.bytes("/proc/self/mountinfo"))
            }
            if let known = state.entries[id] { return known }
            let found = state.text.flatMap { MountEntry(id: id, in: $0) }
            state.entries[id] = found
            return found
        }
    }

    /// The mount point that a directory lies on; nil if the system would not tell. Throws ``FileError`` where the
    /// directory cannot be opened.
    public static func point(of directory: Int32) -> String? { MountEntry.of(directory)?.point }

    /// The nearest place above a path, or the path itself, that `/etc/fstab` mounts at the start of the machine and that
    /// is not mounted now; nil if there is none. What is left to be mounted at its first use is not meant.
    public static func missing(above path: String, fstab: String = "/etc/fstab") -> String? {
        let mounted = Set(
            (KernelFile.lines("/proc/self/mountinfo") ?? []).compactMap { line in
                line.split(separator: " ").dropFirst(4).first.map(String.init)
            })
        let wanted = (KernelFile.lines(fstab) ?? []).compactMap { line -> String? in
            let fields = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            guard fields.count >= 4, !fields[0].hasPrefix("#"), fields[1].hasPrefix("/"), fields[1] != "/",
                !fields[3].split(separator: ",").contains(where: { $0 == "noauto" || $0 == "x-systemd.automount" })
            else { return nil }
            return fields[1].count > 1 && fields[1].hasSuffix("/") ? String(fields[1].dropLast()) : fields[1]
        }
        return wanted.filter { path.below($0) != nil && !mounted.contains($0) }
            .max { $0.count < $1.count }
    }
}

/// Tells when something is mounted or unmounted.
public final class MountWatch: Sendable {
    private let descriptor = try? Descriptor(opening: "/proc/self/mountinfo".utf8, O_RDONLY)

    public init() {}

    /// True if the table changed within so long; without a wait also where the system would not tell.
    public func wait(milliseconds: Int32) -> Bool {
        guard let descriptor else {
            guard milliseconds > 0 else { return true }
            usleep(UInt32(clamping: milliseconds) &* 1000)
            return false
        }
        var waits = pollfd(fd: descriptor.number, events: Int16(POLLPRI), revents: 0)
        return poll(&waits, 1, milliseconds) > 0
    }
}
