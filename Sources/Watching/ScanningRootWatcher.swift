import Config

/// Watches a root by scanning it at an interval: for file systems that bring no events of what others write.
public struct ScanningRootWatcher: RootWatcher {
    private let settings: WatchSettings
    private let remembered: RootIdentity?

    /// - Parameter remembered: what the root was in an earlier run, so that a share that is not mounted yet is noticed.
    public init(settings: WatchSettings, remembered: RootIdentity? = nil) {
        self.settings = settings
        self.remembered = remembered
    }

    public func run(_ deliver: @Sendable (WatchEvent) async throws -> Void) async throws {
        try await withTaskExecutorPreference(RootExecutor(label: "nctd.scan.\(settings.lab)")) {
            var session = RootSession(settings: settings, remembered: remembered)
            try await Self.run(&session, deliver)
        }
    }

    static func run(_ session: inout RootSession, _ deliver: @Sendable (WatchEvent) async throws -> Void) async throws {
        let interval = session.settings.scanInterval
        while !Task.isCancelled {
            let isHealthy = try await session.checkHealth(deliver).isHealthy
            if isHealthy {
                let summary = try await session.scan(deliver)
                // A root that went away during the scan must not be reported as scanned.
                if !Task.isCancelled, case (true, false) = try await session.checkHealth(deliver) {
                    try await deliver(.scanned(files: summary.files))
                }
            }
            do {
                try await Task.sleep(for: isHealthy ? interval : min(interval, RootSession.healthInterval))
            } catch { return }
        }
    }
}
