import Config

/// Watches a root by the kernel's events, and scans it at the start, after lost events, and now and then.
///
/// What the kernel does not tell, only the scans find: a write to a hard link under the names that were not written to,
/// a write through a memory map, and what another machine writes.
public struct InotifyRootWatcher: RootWatcher {
    private let settings: WatchSettings
    private let hub: InotifyHub
    private let remembered: RootIdentity?

    /// After a scan that could not read everything.
    private static let retryInterval = Duration.seconds(30)

    /// - Parameter remembered: what the root was in an earlier run, so that a share that is not mounted yet is noticed.
    public init(settings: WatchSettings, hub: InotifyHub, remembered: RootIdentity? = nil) {
        self.settings = settings
        self.hub = hub
        self.remembered = remembered
    }

    public func run(_ deliver: @Sendable (WatchEvent) async throws -> Void) async throws {
        try await withTaskExecutorPreference(RootExecutor(label: "nctd.watch.\(settings.lab)")) {
            var session = RootSession(settings: settings, remembered: remembered)
            while !Task.isCancelled {
                guard try await session.checkHealth(deliver).isHealthy else {
                    do { try await Task.sleep(for: RootSession.healthInterval) } catch { return }
                    continue
                }
                guard let reason = try await follow(&session, deliver) else { continue }
                try await deliver(.fellBackToScanning(reason: reason))
                return try await ScanningRootWatcher.run(&session, deliver)
            }
        }
    }

    /// Follows a healthy root until it is not the same any more, or until events cannot be had (the reason).
    private func follow(
        _ session: inout RootSession, _ deliver: @Sendable (WatchEvent) async throws -> Void
    ) async throws -> String? {
        // A share that was not mounted when the watcher was chosen may be now.
        let kind = try? FileSystemKind(path: settings.path)
        let isLayered = kind?.reach == .layered
        if settings.mode == .auto, let kind, kind.mode(asked: .auto) == .scan {
            return "\(settings.path) is on \(kind.name), which brings no events of what other machines write"
        }
        let id: Int
        let mailbox: InotifyMailbox
        switch hub.subscribe() {
        case .given(let number, let box): (id, mailbox) = (number, box)
        case .refused(let reason): return reason
        }
        defer { hub.unsubscribe(id) }
        let enter = { [hub] in hub.watch($0, $1, for: id) }
        var nextScan = ContinuousClock.now
        var nextLook = ContinuousClock.now + RootSession.healthInterval
        while !Task.isCancelled {
            let now = ContinuousClock.now
            if now >= nextScan {
                let summary = try await session.scan(deliver, entering: enter)
                if let refusal = summary.refusal { return refusal }
                if Task.isCancelled { return nil }
                guard case (true, false) = try await session.checkHealth(deliver) else { return nil }
                try await deliver(.scanned(files: summary.files))
                // Where others may write behind this file system's back, no event tells of it.
                let pause =
                    isLayered ? min(settings.reconcileInterval, settings.scanInterval) : settings.reconcileInterval
                nextScan = .now + (summary.isIncomplete ? min(pause, Self.retryInterval) : pause)
                continue
            }
            let content = await mailbox.take(within: min(nextScan - now, RootSession.healthInterval))
            if Task.isCancelled { return nil }
            // Also while captures keep coming: a link may have been pointed elsewhere.
            if content.isEmpty || content.isRootGone || ContinuousClock.now >= nextLook {
                nextLook = .now + RootSession.healthInterval
                // Only the health check tells a root that is gone from one that stays; events may be void in either.
                let (isHealthy, isNew) = try await session.checkHealth(deliver)
                if !isHealthy || isNew || content.isRootGone { return nil }
                for start in session.readableAgain {
                    let summary = try await session.scan(from: start, deliver, entering: enter)
                    if let refusal = summary.refusal { return refusal }
                }
                if content.isEmpty { continue }
            }
            if content.isOverrun { try await deliver(.overflow) }
            if content.isOverrun || content.isRenewed {
                nextScan = .now
                continue
            }
            for start in content.directories where settings.recursive {
                let summary = try await session.scan(from: start, deliver, entering: enter)
                if let refusal = summary.refusal { return refusal }
                if summary.isIncomplete { nextScan = min(nextScan, .now + Self.retryInterval) }
            }
            switch try await report(content.files, deliver) {
            case .complete: break
            case .incomplete: nextScan = min(nextScan, .now + Self.retryInterval)
            case .metDirectoryLink: nextScan = .now
            }
        }
        return nil
    }

    private enum Report {
        case complete
        /// Something could not be looked at; a scan will try again.
        case incomplete
        /// A link leads to a directory, which only a scan looks through.
        case metDirectoryLink
    }

    private func report(
        _ paths: [CapturePath], _ deliver: @Sendable (WatchEvent) async throws -> Void
    ) async throws -> Report {
        var report = Report.complete
        var batch: [Sighting] = []
        for path in paths {
            if Task.isCancelled { return report }
            do {
                let sighting = try Sighting.look(
                    root: settings.path, path: path, followingLinks: settings.followLinks)
                if let sighting {
                    batch.append(sighting)
                } else if settings.followLinks, try ReadOnlyFile.linkStamp(root: settings.path, path: path) != nil {
                    report = .metDirectoryLink
                }
            } catch {
                if report == .complete { report = .incomplete }
            }
            if batch.count == WatchEvent.batchLimit {
                try await deliver(.found(batch))
                batch = []
            }
        }
        if !batch.isEmpty { try await deliver(.found(batch)) }
        return report
    }
}

/// The watcher that suits a root: by events or by scans as its settings and its file system have it.
///
/// A root that cannot be looked at now is watched by events if it may be; where these cannot be had later, it falls back
/// to scanning by itself.
public func makeWatcher(
    for settings: WatchSettings, hub: InotifyHub, remembered: RootIdentity? = nil
) -> any RootWatcher {
    let kind = (try? FileSystemKind(path: settings.path)) ?? FileSystemKind(name: "unknown")
    return kind.mode(asked: settings.mode) == .inotify
        ? InotifyRootWatcher(settings: settings, hub: hub, remembered: remembered)
        : ScanningRootWatcher(settings: settings, remembered: remembered)
}
