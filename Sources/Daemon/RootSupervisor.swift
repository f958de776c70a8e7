import Config
import Foundation
import Jobs
import Ledger
import Watching

/// Makes the parts that know a root's files, for its settings. Tests make their own.
public struct RootParts: Sendable {
    var watcher: @Sendable (WatchSettings, RootIdentity?) throws -> any RootWatcher
    var source: @Sendable (WatchSettings) throws -> any CaptureSource
    var ignoringRule: @Sendable (WatchSettings) throws -> @Sendable (CapturePath) -> String?

    public init(
        watcher: @escaping @Sendable (WatchSettings, RootIdentity?) throws -> any RootWatcher,
        source: @escaping @Sendable (WatchSettings) throws -> any CaptureSource,
        ignoringRule: @escaping @Sendable (WatchSettings) throws -> @Sendable (CapturePath) -> String?
    ) {
        self.watcher = watcher
        self.source = source
        self.ignoringRule = ignoringRule
    }
}

/// Keeps one watcher a root running, and changes the set of roots when the configuration changes.
actor RootSupervisor {
    private let ledger: Ledger
    private let live: LiveConfiguration
    private let intake: Intake
    private let parts: RootParts
    private let clock: any DaemonClock
    private let log: EventLog
    private var running: [Int64: (settings: WatchSettings, task: Task<Void, Never>)] = [:]
    /// Roots whose first scan has not ended.
    private var unscanned: Set<Int64> = []
    private var hasToldReady = false

    init(
        ledger: Ledger, live: LiveConfiguration, intake: Intake, parts: RootParts, clock: any DaemonClock, log: EventLog
    ) {
        self.ledger = ledger
        self.live = live
        self.intake = intake
        self.parts = parts
        self.clock = clock
        self.log = log
    }

    /// How a configuration differs from the one before.
    struct Difference: Sendable, Equatable {
        var added = 0
        var removed = 0
        var changed = 0
    }

    /// Puts a configuration in force: watchers of roots that are the same run on.
    @discardableResult
    func apply(_ configuration: DaemonConfiguration) async throws -> Difference {
        var roots: [WatchedRoot] = []
        for settings in configuration.watches {
            let id = try await ledger.enterRoot(
                path: settings.path, lab: settings.lab,
                rules: FileDigest.sha256(Array(RuleMatcher.digestText(settings).utf8)),
                place: await Blocking.run {
                    Answer.within(settings.path) { (try? RootIdentity(path: settings.path))?.place } ?? nil
                }, now: clock.now)
            roots.append(
                WatchedRoot(
                    id: id, settings: settings, source: try parts.source(settings),
                    matcher: try RuleMatcher(settings), ignoringRule: try parts.ignoringRule(settings)))
        }
        try await ledger.leaveRoots(except: roots.map(\.id))
        var difference = Difference()
        let kept = Set(roots.map(\.id))
        for (id, entry) in running where !kept.contains(id) {
            entry.task.cancel()
            await entry.task.value
            running[id] = nil
            difference.removed += 1
            log.write(.rootLeft(lab: entry.settings.lab, root: entry.settings.path))
        }
        live.replace(configuration: configuration, roots: roots)
        for root in roots {
            if let entry = running[root.id] {
                if entry.settings == root.settings { continue }
                entry.task.cancel()
                await entry.task.value
                difference.changed += 1
            } else {
                difference.added += 1
            }
            unscanned.insert(root.id)
            log.write(.rootWatched(lab: root.settings.lab, root: root.settings.path))
            running[root.id] = (root.settings, Task { await self.watch(root) })
        }
        return difference
    }

    /// Watches a root until cancelled; what makes watching impossible is said and tried again.
    private func watch(_ root: WatchedRoot) async {
        while !Task.isCancelled {
            do {
                let identity = try await ledger.identity(of: root.id)
                // A share that does not answer holds a thread of its own.
                let (watcher, mode) = try await Blocking.run { [parts] in
                    let asked = root.settings.mode
                    return (
                        try parts.watcher(root.settings, identity),
                        (try? FileSystemKind(path: root.settings.path))?.mode(asked: asked) ?? asked
                    )
                }
                try await ledger.setMode(root.id, mode.rawValue)
                try await watcher.run { event in
                    try await intake.take(event, root: root)
                    switch event {
                    // A root that is away does not keep the others from being ready.
                    case .scanned, .unhealthy: await self.scanned(root.id)
                    default: break
                    }
                }
                if Task.isCancelled { return }
            } catch is CancellationError {
                return
            } catch {
                log.write(.rootFailed(lab: root.settings.lab, root: root.settings.path, reason: "\(error)"))
                // Nor does one that cannot be watched.
                await scanned(root.id)
            }
            do { try await clock.sleep(milliseconds: 10_000) } catch { return }
        }
    }

    private func scanned(_ root: Int64) async {
        unscanned.remove(root)
        guard unscanned.isEmpty, !hasToldReady else { return }
        hasToldReady = true
        let pending = (try? await ledger.summaries(now: clock.now))?.map(\.counts.pending).reduce(0, +)
        log.write(.ready(pending: pending ?? 0))
    }

    func stop() async {
        for entry in running.values { entry.task.cancel() }
        for entry in running.values { await entry.task.value }
        running = [:]
    }
}
