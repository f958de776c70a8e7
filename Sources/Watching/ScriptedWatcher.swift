import Synchronization

/// A root watcher in memory: it says what a test tells it to say, and the test sees when each event was taken.
public final class ScriptedWatcher: RootWatcher {
    private enum Step {
        case event(WatchEvent, CheckedContinuation<Bool, Never>)
        case failure(any Error)
        case end
    }

    private struct State {
        var queue: [Step] = []
        var waiting: CheckedContinuation<Void, Never>?
        var isOver = false
    }

    private let state = Mutex(State())

    public init() {}

    /// Says an event and returns once the receiver has dealt with it; false if the watcher has ended, or the receiver
    /// threw.
    @discardableResult
    public func say(_ event: WatchEvent) async -> Bool {
        await withCheckedContinuation { push(.event(event, $0)) }
    }

    /// Says that files were found, in batches of the allowed size.
    @discardableResult
    public func find(_ sightings: [Sighting]) async -> Bool {
        for start in stride(from: 0, to: sightings.count, by: WatchEvent.batchLimit) {
            let batch = Array(sightings[start..<min(start + WatchEvent.batchLimit, sightings.count)])
            guard await say(.found(batch)) else { return false }
        }
        return true
    }

    /// Ends ``run(_:)`` after what was said before, as if watching had become impossible if there is an error.
    public func end(throwing error: (any Error)? = nil) { push(error.map { .failure($0) } ?? .end) }

    private func push(_ step: Step) {
        let (waiting, isOver) = state.withLock { state in
            if !state.isOver { state.queue.append(step) }
            defer { state.waiting = nil }
            return (state.waiting, state.isOver)
        }
        if isOver, case .event(_, let said) = step { said.resume(returning: false) }
        waiting?.resume()
    }

    public func run(_ deliver: @Sendable (WatchEvent) async throws -> Void) async throws {
        defer { close() }
        while !Task.isCancelled {
            let step = state.withLock { $0.queue.isEmpty ? nil : $0.queue.removeFirst() }
            switch step {
            case .event(let event, let said):
                do {
                    try await deliver(event)
                    said.resume(returning: true)
                } catch {
                    said.resume(returning: false)
                    throw error
                }
            case .failure(let error): throw error
            case .end: return
            case nil: await pause()
            }
        }
    }

    /// Until there is a step, or the task is cancelled.
    private func pause() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    let isReady = !state.queue.isEmpty || Task.isCancelled
                    if !isReady { state.waiting = continuation }
                    return isReady
                }
                if isReady { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }

    private func wake() {
        let waiting = state.withLock { state in
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    private func close() {
        let rest = state.withLock { state in
            state.isOver = true
            defer { state.queue = [] }
            return state.queue
        }
        for case .event(_, let said) in rest { said.resume(returning: false) }
    }
}
