import SystemdBridge

/// Who started the daemon and wants to know how it fares.
public protocol ServiceManager: Sendable {
    /// Tells it something: lines as in sd_notify(3).
    func notify(_ state: String)
    /// Within how long it must hear `WATCHDOG=1`; nil if it does not listen for that.
    var watchdog: Duration? { get }
}

/// systemd, if it started the process.
public struct SystemdManager: ServiceManager {
    public let watchdog = Systemd.watchdog

    public init() {}

    public func notify(_ state: String) { Systemd.notify(state) }
}

/// Nobody.
public struct NoServiceManager: ServiceManager {
    public let watchdog: Duration? = nil

    public init() {}

    public func notify(_ state: String) {}
}
