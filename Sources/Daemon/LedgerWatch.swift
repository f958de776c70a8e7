import Ledger
import Synchronization

/// Tells troubles with the ledger that pass from those that do not. The latter end the process: the service manager
/// starts it anew, and the start opens the ledger anew, or rebuilds it. Trouble that lasts for minutes ends it likewise,
/// but for a full disk, which no start makes room on.
package final class LedgerWatch: Sendable {
    /// What is done with the ledger; each may go where the other does not.
    package enum Use: String, Sendable { case reading = "read", writing = "written" }

    private struct State {
        var failingSince: [Use: Int64] = [:]
        var isLost = false
    }

    private let state = Mutex(State())
    private let clock: any DaemonClock
    private let log: EventLog
    private let stateDirectory: String
    /// Called once, when the ledger is lost.
    private let onLost: @Sendable (LedgerError) -> Void

    /// How long a trouble that may pass is waited for.
    package static let patienceMilliseconds: Int64 = 300_000
    /// Between looks at the ledger's file.
    package static let lookMilliseconds: Int64 = 2000

    package init(
        stateDirectory: String, clock: any DaemonClock, log: EventLog, onLost: @escaping @Sendable (LedgerError) -> Void
    ) {
        self.stateDirectory = stateDirectory
        self.clock = clock
        self.log = log
        self.onLost = onLost
    }

    /// True once the process is to end: nothing is tried again.
    package var isLost: Bool { state.withLock(\.isLost) }

    package func succeeded(_ use: Use) { state.withLock { $0.failingSince[use] = nil } }

    /// Notes an error of the ledger and says it; returns true if it is not to be tried again.
    package func failed(_ error: any Error, _ use: Use, retryMilliseconds: Int64) -> Bool {
        let trouble = LedgerTrouble(error)
        let now = clock.now.milliseconds
        let (since, wasLost) = state.withLock { state in
            let since = state.failingSince[use] ?? now
            state.failingSince[use] = since
            return (since, state.isLost)
        }
        if wasLost { return true }
        let lastsTooLong = now - since > Self.patienceMilliseconds && !LedgerTrouble.isFullDisk(error)
        guard trouble != .passing || lastsTooLong else {
            log.write(
                .trouble(
                    "the ledger \(path) cannot be \(use.rawValue) (\(error)); tried again in \(retryMilliseconds) ms; "
                        + LedgerTrouble.remedy(for: error)))
            return false
        }
        let reason = trouble == .passing ? "\(error), for \((now - since) / 1000) s" : "\(error)"
        lose(
            reason,
            next: trouble == .damaged
                ? "sets the ledger aside and rebuilds it from the sidecars"
                : "opens the ledger again; if that fails as well, check the state directory's disk",
            isDamaged: trouble == .damaged)
        return true
    }

    /// Looks every two seconds whether the ledger's file is still the one that is open, until cancelled or until it is not:
    /// that ends the process, for what it wrote from then on would be lost.
    package func watch(_ ledger: Ledger) async {
        while !Task.isCancelled, !isLost {
            if let reason = await Blocking.run({ ledger.loss }) {
                return lose(
                    reason, next: "opens what is there, or, if there is nothing, rebuilds the ledger from the sidecars",
                    isDamaged: false)
            }
            do { try await clock.sleep(milliseconds: Self.lookMilliseconds) } catch { return }
        }
    }

    private var path: String { stateDirectory + "/" + Ledger.fileName }

    /// - Parameter next: what the next start does.
    private func lose(_ reason: String, next: String, isDamaged: Bool) {
        let isFirst = state.withLock { state in
            defer { state.isLost = true }
            return !state.isLost
        }
        guard isFirst else { return }
        if isDamaged { Ledger.condemn(stateDirectory: stateDirectory, reason: reason) }
        log.write(.ledgerLost(path: path, reason: reason, next: next))
        onLost(
            LedgerError(
                isDamaged ? .damaged : .unusable, "the ledger cannot be used any more (\(reason))", path: path,
                remedy: "start the daemon again; systemd does so by itself"))
    }
}
