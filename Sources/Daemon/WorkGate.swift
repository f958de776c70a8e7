import Synchronization

/// Decides between a worker that is about to commit and a shutdown that gives its capture back: only one of them wins.
final class WorkGate: Sendable {
    private enum Phase { case working, committing, abandoned }
    private let phase = Mutex(Phase.working)

    /// False if the capture was given back meanwhile.
    func beginCommit() -> Bool {
        phase.withLock { phase in
            guard phase == .working else { return phase == .committing }
            phase = .committing
            return true
        }
    }

    /// The commit is over, and the work goes on.
    func endCommit() { phase.withLock { if $0 == .committing { $0 = .working } } }

    /// True once the capture was given back: what is still done for it is done for nothing.
    var isAbandoned: Bool { phase.withLock { $0 == .abandoned } }

    /// False if the worker commits already.
    func abandon() -> Bool {
        phase.withLock { phase in
            guard phase == .working else { return phase == .abandoned }
            phase = .abandoned
            return true
        }
    }
}

/// The identities that are being worked on, so that the same bytes are not worked out twice at once; and what else only
/// one capture at a time may be at.
final class IdentitiesInWork: Sendable {
    private let identities = Mutex<Set<String>>([])

    /// False if the identity is in work already.
    func begin(_ identity: String) -> Bool { identities.withLock { $0.insert(identity).inserted } }
    func end(_ ended: [String]) { identities.withLock { $0.subtract(ended) } }
}

/// Wakes the one who waits: rung before or during the wait. Only one may wait at a time.
actor Doorbell {
    private var isRung = false
    private var waiter: CheckedContinuation<Void, Never>?

    func ring() {
        if let waiter {
            self.waiter = nil
            waiter.resume()
        } else {
            isRung = true
        }
    }

    /// Returns once it is rung, after so much time, or when the task is cancelled.
    func wait(milliseconds: Int64, clock: any DaemonClock) async {
        let timer = Task {
            try await clock.sleep(milliseconds: milliseconds)
            ring()
        }
        await withTaskCancellationHandler {
            await waitForRing()
        } onCancel: {
            Task { await self.ring() }
        }
        timer.cancel()
    }

    private func waitForRing() async {
        if isRung {
            isRung = false
            return
        }
        precondition(waiter == nil, "a doorbell wakes one")
        await withCheckedContinuation { waiter = $0 }
    }
}
