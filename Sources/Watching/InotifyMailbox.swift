import Synchronization

/// What happened in one root and was not dealt with yet, bounded: past the bound only "something was lost" is kept,
/// which a scan makes up for.
package final class InotifyMailbox: Sendable {
    package enum Mail: Equatable, Sendable {
        case file(CapturePath)
        /// A directory that is new at its place.
        case directory(CapturePath)
        case overflow
        /// All watches were given up for a fresh start.
        case renewed
        case rootGone
    }

    struct Content: Equatable, Sendable {
        /// In the order of their first events, each once.
        var files: [CapturePath] = []
        var directories: [CapturePath] = []
        var isOverrun = false
        var isRenewed = false
        var isRootGone = false

        var isEmpty: Bool { self == Content() }
    }

    private struct State {
        var content = Content()
        var known: Set<CapturePath> = []
        var waiting: CheckedContinuation<Void, Never>?
        /// Set by a wake-up that found nobody waiting.
        var isWoken = false
    }

    static let limit = 8192

    private let state = Mutex(State())

    func post(_ mail: Mail) {
        let waiting = state.withLock { state in
            switch mail {
            case .file(let path):
                if !state.content.isOverrun, state.known.insert(path).inserted { state.content.files.append(path) }
            case .directory(let path):
                if !state.content.isOverrun { state.content.directories.append(path) }
            case .overflow: state.content.isOverrun = true
            case .renewed: state.content.isRenewed = true
            case .rootGone: state.content.isRootGone = true
            }
            if state.content.files.count + state.content.directories.count > Self.limit {
                state.content.isOverrun = true
            }
            if state.content.isOverrun {
                state.content.files = []
                state.content.directories = []
                state.known = []
            }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func wake() {
        let waiting = state.withLock { state in
            if state.waiting == nil { state.isWoken = true }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Waits for mail, at most so long, or until the task is cancelled; then takes all there is.
    func take(within timeout: Duration) async -> Content {
        let timer = Task {
            try await Task.sleep(for: timeout)
            wake()
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = !state.content.isEmpty || state.isWoken || Task.isCancelled
                    if !isReady { state.waiting = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
        timer.cancel()
        return state.withLock { state in
            defer {
                state.content = Content()
                state.known = []
                state.isWoken = false
            }
            return state.content
        }
    }
}
