import Ledger
import Synchronization

/// Asked for once, from outside or because the daemon cannot go on, and waited for by one.
final class StopRequest: Sendable {
    private struct State {
        var isRequested = false
        var error: LedgerError?
    }

    private let state = Mutex(State())
    private let onStop: @Sendable () -> Void
    private let (requests, request): (AsyncStream<Void>, AsyncStream<Void>.Continuation)

    /// - Parameter onStop: called at the first request.
    init(onStop: @escaping @Sendable () -> Void) {
        self.onStop = onStop
        (requests, request) = AsyncStream.makeStream(of: Void.self)
    }

    var isRequested: Bool { state.withLock(\.isRequested) }

    /// Why the daemon cannot go on; nil where somebody asked it to stop.
    var error: LedgerError? { state.withLock(\.error) }

    func request(because error: LedgerError? = nil) {
        let isFirst = state.withLock { state in
            defer { state.isRequested = true }
            state.error = state.error ?? error
            return !state.isRequested
        }
        if isFirst { onStop() }
        request.finish()
    }

    /// Returns once a stop was asked for.
    func wait() async { for await _ in requests {} }
}
