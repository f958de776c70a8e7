import Config
import Files
import Glibc

/// What identifies a root, so that it is not mistaken for what takes its place when it goes away.
public struct RootIdentity: Sendable, Hashable, Codable {
    public var device: UInt64
    public var inode: UInt64
    /// Where the file system that the root lies on is mounted; nil if the system would not tell.
    public var mountPoint: String?
    /// Where the path leads, with all links followed; nil in what was written before this was kept.
    public var place: String?

    public init(device: UInt64, inode: UInt64, mountPoint: String?, place: String? = nil) {
        self.device = device
        self.inode = inode
        self.mountPoint = mountPoint
        self.place = place
    }

    /// What is there now. Throws ``FileError``.
    public init(path: String) throws(FileError) {
        let descriptor = try Descriptor.root(path)
        let status = try FileError.attempt("look at", path) { () throws(Errno) in try descriptor.status() }
        self.init(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino),
            mountPoint: MountEntry.of(descriptor.number)?.point, place: LinkState.place(of: path))
    }
}

/// Whether a root is still the same. A mount that went away leaves an empty directory behind, which must not be taken for
/// a root without files.
public struct RootHealth: Sendable {
    public enum Verdict: Sendable, Equatable {
        case same
        /// In order, but another directory or another file system than before: mounted again, or made again in its place.
        case renewed
        case unhealthy(reason: String)
    }

    private let path: String
    private let sentinel: CapturePath?
    /// Nil until the root was healthy for the first time.
    public private(set) var identity: RootIdentity?

    /// - Parameter remembered: what the root was when it was last healthy, from an earlier run.
    public init(settings: WatchSettings, remembered: RootIdentity? = nil) {
        path = settings.path
        sentinel = settings.sentinel.flatMap { CapturePath($0) }
        identity = remembered
    }

    /// Looks at the root; a healthy one is remembered.
    public mutating func check() -> Verdict {
        let now: RootIdentity
        do {
            now = try RootIdentity(path: path)
            let descriptor = try Descriptor.root(path)
            if access("/proc/self/fd/\(descriptor.number)/.", R_OK | X_OK) != 0 {
                return .unhealthy(reason: "\(path) may not be read (\(Errno.current)); check its permissions")
            }
            if let sentinel, let error = Self.absence(of: sentinel, in: descriptor) {
                return .unhealthy(
                    reason: "the sentinel \(sentinel) is not in \(path) (\(error.reason)); mount the share again")
            }
        } catch {
            return .unhealthy(reason: "\(error); mount it again, or correct the path")
        }
        if identity?.place == nil { identity?.place = now.place }
        guard let before = identity else {
            identity = now
            return .renewed
        }
        if before == now { return .same }
        // A sentinel has just vouched for the place. Without one, a share that was mounted on its own and is now a
        // plain directory of the file system below it, has been unmounted.
        if sentinel == nil, let was = before.mountPoint, let current = now.mountPoint, was != current,
            was.count > current.count
        {
            return .unhealthy(
                reason: "what is at \(path) lies on \(current), but was on its own mount \(was), which is gone; "
                    + "mount it again, or, if this is the place from now on, `nctd check --initialize` and restart")
        }
        identity = now
        return .renewed
    }

    /// Why a name below a root cannot be looked at; nil if it can.
    private static func absence(of sentinel: CapturePath, in root: Descriptor) -> FileError? {
        do throws(FileError) {
            let directory = try sentinel.parent.map { path throws(FileError) in
                try root.open(beneath: path, Descriptor.pathOnly | O_DIRECTORY)
            }
            _ = try FileError.attempt("look at", sentinel.description) { () throws(Errno) in
                try (directory ?? root).status(of: sentinel.name)
            }
            return nil
        } catch {
            return error
        }
    }
}
