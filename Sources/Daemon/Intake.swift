import Foundation
import Ledger
import Watching

/// Takes what the watchers say into the ledger. A sighting is pending at once; whether its file is quiet and whole is
/// looked at when it is due.
struct Intake: Sendable {
    let ledger: Ledger
    let ledgerWatch: LedgerWatch
    let live: LiveConfiguration
    let clock: any DaemonClock
    let log: EventLog
    let bell: Doorbell
    let heartbeat: Heartbeat

    /// Returns after the event is in the ledger; a slow disk slows the watcher down. Throws only when cancelled.
    func take(_ event: WatchEvent, root: WatchedRoot) async throws {
        let (lab, path) = (root.settings.lab, root.settings.path)
        heartbeat.scanned()
        switch event {
        case .found(let sightings):
            let judged = sightings.map { sighting in
                var known = sighting
                known.stamp = live.trusted(sighting.stamp, of: root.id)
                return Ledger.Judged(known, ignoredBy: root.reasonToIgnore(sighting))
            }
            let recorded = try await persisting {
                try await ledger.record(judged, root: root.id, settle: root.settings.settle, now: clock.now)
            }
            FailPoint.afterSeen.pass()
            guard recorded != Ledger.Recorded() else { return }
            log.write(
                .seen(
                    lab: lab, root: path, added: recorded.added.count, changed: recorded.changed.count,
                    ignored: recorded.ignored.count))
            let left = Set(recorded.ignored)
            for entry in judged where entry.sighting.link != nil && left.contains(entry.sighting.path) {
                log.write(
                    .ignored(lab: lab, file: root.name(of: entry.sighting.path), reason: entry.ignoredBy ?? ""))
            }
            await bell.ring()
        case .overflow: log.write(.overflow(lab: lab, root: path))
        case .unreadable(let place, let reason):
            log.write(
                .unreadable(lab: lab, root: path, path: place.map { root.name(of: $0) } ?? path, reason: reason))
        case .unread(let places):
            try await persisting { try await ledger.setUnreadable(root.id, places) }
        case .scanned(let files):
            log.write(.scanned(lab: lab, root: path, files: files))
            try await persisting { try await ledger.setScanned(root.id, now: clock.now) }
        case .fellBackToScanning(let reason):
            log.write(.rootFallsBack(lab: lab, root: path, reason: reason))
            try await persisting { try await ledger.setMode(root.id, "scan") }
        case .renumbered:
            live.setRenumbered(root.id)
            log.write(.rootRenumbered(lab: lab, root: path))
        case .unhealthy(let reason):
            live.setHealthy(root.id, false)
            log.write(.rootUnhealthy(lab: lab, root: path, reason: reason))
            try await persisting { try await ledger.setHealth(root.id, unhealthy: reason) }
        case .healthy:
            live.setHealthy(root.id, true)
            log.write(.rootHealthy(lab: lab, root: path))
            try await persisting {
                try await ledger.setHealth(root.id, unhealthy: nil)
                if let identity = try? RootIdentity(path: path) { try await ledger.setIdentity(root.id, identity) }
            }
            await bell.ring()
        }
    }

    /// Tries again until the ledger can be written: an event that is dropped is a capture that is lost.
    private func persisting<Result>(_ body: () async throws -> Result) async throws -> Result {
        var wait: Int64 = 500
        while true {
            do {
                let result = try await body()
                ledgerWatch.succeeded(.writing)
                return result
            } catch {
                try Task.checkCancellation()
                if ledgerWatch.failed(error, .writing, retryMilliseconds: wait) {
                    throw CancellationError()
                }
                try await clock.sleep(milliseconds: wait)
                wait = min(wait * 2, 10_000)
            }
        }
    }
}
