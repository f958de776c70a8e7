import Foundation
import Glibc
import Synchronization

/// Runs work that nobody waits for on threads of its own, behind all others of the process: ten steps nicer, so that it
/// gets about a tenth of a core where others want all of them.
///
/// A machine that is always busy would hold it up for hours; so what has not ended after ``patience`` takes its turn like
/// all others from its next step on.
package struct LowPriority: Sendable {
    package static let patience = Duration.seconds(60)
    package static let threadName = "nctd.learning"
    private static let steps: Int32 = 10

    private let begin: ContinuousClock.Instant

    package init(begin: ContinuousClock.Instant = .now) { self.begin = begin }

    /// True on a thread of such work.
    package static var isCurrent: Bool { Thread.current.threadDictionary[threadName] != nil }

    /// How much nicer than the process a step is that begins at a time.
    package func niceness(at time: ContinuousClock.Instant) -> Int32 {
        begin.duration(to: time) < Self.patience ? Self.steps : 0
    }

    /// Returns what the step returns. Throws `CancellationError` as soon as the task is cancelled: the step then ends by
    /// itself, and nobody learns how.
    package func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let outcome = Outcome<Value>()
        let niceness = niceness(at: .now)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { waiter in
                guard outcome.isAwaited(by: waiter) else { return waiter.resume(throwing: CancellationError()) }
                let thread = Thread {
                    // For a person's eye. It is lost where the thread is faster than whoever starts it.
                    Thread.current.name = Self.threadName
                    Thread.current.threadDictionary[Self.threadName] = true
                    // On Linux that is the calling thread's alone, and the thread ends with the work.
                    let own = getpriority(.init(PRIO_PROCESS.rawValue), 0)
                    if niceness > 0 { _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, min(19, own + niceness)) }
                    outcome.is(.init(catching: body))
                }
                thread.stackSize = 8 << 20
                thread.start()
            }
        } onCancel: {
            outcome.is(.failure(CancellationError()))
        }
    }
}

/// The first of what a step comes to and of its being cancelled.
private final class Outcome<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, any Error>)
        case over
    }

    private let state = Mutex(State.open)

    /// False if it is over already.
    func isAwaited(by waiter: CheckedContinuation<Value, any Error>) -> Bool {
        state.withLock { state in
            guard case .open = state else { return false }
            state = .awaited(waiter)
            return true
        }
    }

    func `is`(_ result: Result<Value, any Error>) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, any Error>? in
            defer { state = .over }
            guard case .awaited(let waiter) = state else { return nil }
            return waiter
        }
        waiter?.resume(with: result)
    }
}
