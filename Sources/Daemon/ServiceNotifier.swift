import Foundation
import Glibc
import Ledger
import Synchronization

/// Tells the service manager when the daemon is ready, reloads and stops, what it has done, and that it is alive.
///
/// `WATCHDOG=1` is sent only while work advances: once a capture, or the dispatcher, has stood still for half of the
/// watchdog's time, nothing is sent until it goes on, and the service manager ends the process.
final class ServiceNotifier: Sendable {
    private struct State {
        var isReady = false
        var hasNews = true
        /// What is not worked on just now, each with the reason.
        var pauses: [String: String] = [:]
        var refusedReload: String?
        var status = ""
        /// What stands still and was logged as such.
        var toldStalls: Set<String> = []
    }

    private let manager: any ServiceManager
    private let clock: any DaemonClock
    private let state = Mutex(State())
    let heartbeat: Heartbeat

    init(manager: any ServiceManager, clock: any DaemonClock) {
        self.manager = manager
        self.clock = clock
        heartbeat = Heartbeat(clock: clock)
    }

    /// How long a step may take before it counts as hung; nil if nobody minds.
    var stallMilliseconds: Int64? { manager.watchdog.map { max(1, $0.milliseconds / 2) } }

    /// The configuration is read anew. Followed by ``reloaded()``.
    func reloading() {
        guard state.withLock(\.isReady) else { return }
        manager.notify("RELOADING=1\nMONOTONIC_USEC=\(Self.monotonicMicroseconds)")
    }

    func reloaded() {
        guard state.withLock(\.isReady) else { return }
        manager.notify("READY=1")
    }

    /// Takes from an event what the service manager must know.
    func observe(_ event: DaemonEvent) {
        switch event.kind {
        case .ready:
            note { $0.isReady = true }
            manager.notify("READY=1\nSTATUS=\(event.message)")
        case .stopping:
            manager.notify("STOPPING=1\nSTATUS=\(event.message)")
        case .paused, .profileUnusable: note { $0.pauses[event[.place] ?? ""] = event[.reason] }
        case .resumed: note { $0.pauses[event[.place] ?? ""] = nil }
        case .reloadRefused: note { $0.refusedReload = event[.reason].map { String($0.prefix { $0 != "\n" }) } }
        case .reloaded: note { $0.refusedReload = nil }
        default: note { _ in }
        }
    }

    private func note(_ change: (inout State) -> Void) {
        state.withLock { state in
            change(&state)
            state.hasNews = true
        }
    }

    /// Feeds the watchdog and keeps the status current, until cancelled.
    func run(_ ledger: Ledger, log: EventLog) async {
        var tellAgain = clock.now.milliseconds
        var scanSteps = heartbeat.scanSteps
        // A quarter of the watchdog's time, so that one that is late does no harm.
        let pace = min(1000, max(10, (manager.watchdog?.milliseconds ?? 4000) / 4))
        while !Task.isCancelled {
            feed(log)
            if !state.withLock(\.isReady), heartbeat.scanSteps != scanSteps {
                scanSteps = heartbeat.scanSteps
                // A large tree on a slow share takes its time; while the scan advances, the start is not given up.
                manager.notify("EXTEND_TIMEOUT_USEC=120000000")
            }
            let begin = clock.now.milliseconds
            if begin >= tellAgain, state.withLock({ $0.isReady && $0.hasNews }) {
                state.withLock { $0.hasNews = false }
                if let summaries = try? await ledger.summaries(now: clock.now) { tell(summaries) }
                // Counting a ledger of millions takes a while; it must not become what the daemon does.
                tellAgain = clock.now.milliseconds + max(1000, 20 * (clock.now.milliseconds - begin))
            }
            do { try await clock.sleep(milliseconds: pace) } catch { return }
        }
    }

    private func feed(_ log: EventLog) {
        guard let limit = stallMilliseconds else { return }
        let stalled = heartbeat.stalled(longerThan: limit)
        if stalled.isEmpty { manager.notify("WATCHDOG=1") }
        // Each is logged as it begins to stand, also while another stands already.
        let untold = state.withLock { state in
            defer { state.toldStalls = Set(stalled.map(\.what)) }
            return stalled.filter { !state.toldStalls.contains($0.what) }
        }
        for stall in untold { log.write(.stalled(what: stall.what, seconds: stall.milliseconds / 1000)) }
    }

    private func tell(_ summaries: [RootSummary]) {
        let total = summaries.map(\.counts).reduce(StateCounts(), +)
        var facts = [total.text]
        for summary in summaries where summary.root.isWatched {
            if let reason = summary.root.unhealthy { facts.append("\(summary.root.lab) NOT WELL: \(reason)") }
        }
        let status = state.withLock { state in
            facts += state.pauses.sorted { $0.key < $1.key }.map { "PAUSED: \($0): \($1)" }
            if let problem = state.refusedReload { facts.append("RELOAD REFUSED: \(problem)") }
            // The notification is lines; a status is one of them.
            let text = facts.joined(separator: "; ").replacing("\n", with: " ")
            defer { state.status = text }
            return text == state.status ? nil : text
        }
        if let status { manager.notify("STATUS=\(status)") }
    }

    private static var monotonicMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

extension StateCounts {
    /// For a person: the columns of `nctd status`.
    public var text: String {
        "\(seen) seen: \(done) done, \(failed) failed, \(pending) pending, \(ignored) ignored"
    }
}
