/// What a watcher says of its root, in the order in which it learned it.
public enum WatchEvent: Sendable, Equatable {
    /// Regular files that were written, moved in, linked, or met by a scan, and symbolic links (``Sighting/link``): names
    /// and stamps as they were just then.
    /// They may be half written, or gone by now. At most ``batchLimit`` at once, so that no backlog sits in memory.
    case found([Sighting])
    /// Events were lost (the kernel's queue ran over); a scan of the root follows by itself.
    case overflow
    /// A directory (nil: the root itself) or an entry that could not be read, with the reason. What lies there is
    /// unknown, not gone. Said once until the root was scanned without it.
    case unreadable(CapturePath?, reason: String)
    /// What of the root could not be read at the last look at it, once that has changed; also said after the first scan.
    case unread(UnreadablePlaces)
    /// A scan of the whole root came to its end; all that it met was reported before.
    case scanned(files: Int)
    /// The root works by scanning alone from now on, though events were asked for; the reason says what to change.
    case fellBackToScanning(reason: String)
    /// The root is not well: unmounted, replaced, unreadable, its sentinel gone. Nothing is concluded about its
    /// files until ``healthy``.
    case unhealthy(reason: String)
    /// Files of the root have another number at every look, which then tells nothing.
    case renumbered
    /// The root is back (also said once at the start); a scan follows by itself.
    case healthy

    public static let batchLimit = 512
}

/// A file that was seen, with what it looked like.
public struct Sighting: Sendable, Hashable {
    public var path: CapturePath
    /// Of what a link leads to where that is followed, of the link where it is not.
    public var stamp: FileStamp
    /// Nil for a file that no link led to.
    public var link: LinkState?

    public init(path: CapturePath, stamp: FileStamp, link: LinkState? = nil) {
        self.path = path
        self.stamp = stamp
        self.link = link
    }
}

/// Watches one root. Patterns are not its business: it reports every regular file and every link,
/// whatever its name.
public protocol RootWatcher: Sendable {
    /// Watches until the task is cancelled. Each event is delivered before the next one is looked for: a slow receiver
    /// slows the watcher, it does not fill memory.
    ///
    /// Throws only what makes watching impossible for good; a root that went away is an event, not an error.
    func run(_ deliver: @Sendable (WatchEvent) async throws -> Void) async throws
}
