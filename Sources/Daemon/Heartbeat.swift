import Ledger
import Synchronization

/// Knows whether work advances: each part of the daemon that could hang says when it went a step on.
final class Heartbeat: Sendable {
    private struct Work {
        var name: String
        var step: String
        var milliseconds: Int64
        /// It waits for its root, which does not answer; it does not stand still by itself.
        var isWaiting = false
    }

    private struct State {
        var dispatched: Int64?
        var works: [Int64: Work] = [:]
        var scanSteps = 0
    }

    private let state = Mutex(State())
    private let clock: any DaemonClock

    init(clock: any DaemonClock) { self.clock = clock }

    /// The dispatcher looked for work.
    func dispatched() {
        let now = clock.now.milliseconds
        state.withLock { $0.dispatched = now }
    }

    /// The dispatcher ended; it is no longer waited for.
    func dispatcherEnded() { state.withLock { $0.dispatched = nil } }

    /// A capture's work begins.
    func begin(_ id: Int64, name: String) {
        let now = clock.now.milliseconds
        state.withLock { $0.works[id] = Work(name: name, step: "claimed", milliseconds: now) }
    }

    /// A capture's work comes to a step.
    func advance(_ id: Int64, to step: String) {
        let now = clock.now.milliseconds
        state.withLock { state in
            state.works[id]?.step = step
            state.works[id]?.milliseconds = now
            state.works[id]?.isWaiting = false
        }
    }

    /// A capture's work waits for something that no restart helps.
    func waits(_ id: Int64, for what: String) {
        state.withLock { state in
            state.works[id]?.step = "waiting for \(what)"
            state.works[id]?.isWaiting = true
        }
    }

    func end(_ id: Int64) { state.withLock { $0.works[id] = nil } }

    /// All is as well as it can be: a disk is waited for, which the log says and no restart helps.
    func waitsForDisk() {
        let now = clock.now.milliseconds
        state.withLock { state in
            if state.dispatched != nil { state.dispatched = now }
            for id in state.works.keys { state.works[id]?.milliseconds = now }
        }
    }

    /// A scan delivered something, new or not.
    func scanned() { state.withLock { $0.scanSteps += 1 } }

    /// Grows as scans go on.
    var scanSteps: Int { state.withLock(\.scanSteps) }

    /// Everything that has stood still for longer than so many milliseconds.
    func stalled(longerThan limit: Int64) -> [(what: String, milliseconds: Int64)] {
        let now = clock.now.milliseconds
        return state.withLock { state in
            var standing = state.works.values.filter { !$0.isWaiting }.map {
                (what: "\($0.name) (\($0.step))", milliseconds: now - $0.milliseconds)
            }
            if let dispatched = state.dispatched { standing.append(("the dispatcher", now - dispatched)) }
            return standing.filter { $0.milliseconds > limit }
        }
    }
}
