import Files
import Glibc

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

    /// Why no watch can be had, with what to do.
    static func watchRefusal(_ code: Int32) -> String {
        guard code == ENOSPC else { return "inotify gives no watch (\(Errno(code: code)))" }
        let now = current.watches
        return
            "the limit of inotify watches is reached (fs.inotify.max_user_watches = \(now.map(String.init) ?? "?")); "
            + "raise it, such as with sysctl fs.inotify.max_user_watches=\(max(524_288, (now ?? 0) * 2)), then restart"
    }

    /// Why no instance can be had, with what to do.
    static func instanceRefusal(_ code: Int32) -> String {
        guard code == EMFILE else { return "inotify cannot be opened (\(Errno(code: code)))" }
        let now = current.instances.map(String.init) ?? "unknown"
        return "the kernel gives no more inotify instances or descriptors; raise fs.inotify.max_user_instances (now "
            + "\(now)) with sysctl, or the limit of open files, then restart"
    }
}
