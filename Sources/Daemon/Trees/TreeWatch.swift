import Config
import Foundation
import Synchronization
import Watching

/// Looks now and then, and whenever something is mounted or unmounted, whether each place that the daemon needs is what
/// it was, has room, and answers. Each has a thread of its own, so that one that hangs hides nothing of the others.
package final class TreeWatch: Sendable {
    package typealias Look = @Sendable () -> String?

    private let pauses: Pauses
    private let watched = Mutex<[Pauses.Place: PlaceWatcher]>([:])
    private let isEnded = Mutex(false)

    /// A look that takes longer means that the place does not answer.
    static let silence = Duration.seconds(5)
    /// Between looks.
    static let interval: TimeInterval = 2

    package init(_ pauses: Pauses) { self.pauses = pauses }

    /// Sets what is watched: by place, what a look says is wrong, nil for nothing.
    package func replace(_ looks: [Pauses.Place: Look]) {
        watched.withLock { watched in
            for (place, watcher) in watched where looks[place] == nil {
                watcher.end()
                watched[place] = nil
            }
            for (place, look) in looks {
                if let watcher = watched[place] {
                    watcher.replace(look)
                } else {
                    watched[place] = PlaceWatcher(look) { [pauses] in pauses.look(at: place, shows: $0) }
                }
            }
        }
    }

    /// Starts the thread that waits for the table of mounts and for places that do not answer.
    package func start() {
        Thread.detachNewThread { [weak self] in
            Thread.current.name = "nctd.trees"
            let mounts = MountWatch()
            while let self, !self.isEnded.withLock({ $0 }) {
                let isChanged = mounts.wait(milliseconds: 500)
                for (place, watcher) in self.watched.withLock({ $0 }) {
                    if isChanged { watcher.lookNow() }
                    if let since = watcher.lookingSince, since.duration(to: .now) > Self.silence {
                        self.pauses.look(at: place, shows: "it does not answer", isSilent: true)
                    }
                }
            }
        }
    }

    package func stop() {
        isEnded.withLock { $0 = true }
        replace([:])
    }
}

/// Looks at one place, on a thread of its own.
private final class PlaceWatcher: Sendable {
    private struct State {
        var look: TreeWatch.Look
        var since: ContinuousClock.Instant?
        var isEnded = false
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)

    init(_ look: @escaping TreeWatch.Look, tell: @escaping @Sendable (String?) -> Void) {
        state = Mutex(State(look: look))
        Thread.detachNewThread { [self] in
            while true {
                let look = state.withLock { state -> TreeWatch.Look? in
                    guard !state.isEnded else { return nil }
                    state.since = .now
                    return state.look
                }
                guard let look else { return }
                let found = look()
                let isEnded = state.withLock { state in
                    state.since = nil
                    return state.isEnded
                }
                if isEnded { return }
                tell(found)
                _ = wake.wait(timeout: .now() + TreeWatch.interval)
            }
        }
    }

    /// Since when a look takes; nil for none under way.
    var lookingSince: ContinuousClock.Instant? { state.withLock(\.since) }

    func replace(_ look: @escaping TreeWatch.Look) { state.withLock { $0.look = look } }

    func lookNow() { wake.signal() }

    func end() {
        state.withLock { $0.isEnded = true }
        wake.signal()
    }
}
