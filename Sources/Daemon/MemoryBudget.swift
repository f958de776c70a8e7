import Synchronization

/// One budget of memory for all captures in work. Each takes what it may need before it is read, and waits for its turn
/// until there is so much; who waits longest comes first, so that a large one is not passed by for ever.
package final class MemoryBudget: Sendable {
    /// What a capture took; given back with ``release(_:)``.
    package struct Share: Sendable, Equatable {
        let bytes: Int
    }

    package enum Refusal: Error, Equatable {
        /// More than the whole budget.
        case tooLarge(total: Int)
        /// The daemon stops.
        case closed
    }

    private struct Waiter {
        var bytes: Int
        var wake: CheckedContinuation<Share, any Error>
    }

    private struct State {
        var total: Int
        package var taken = 0
        var waiters: [Waiter] = []
        var isClosed = false

        /// Those whose turn it is, in order, with what they get.
        mutating func admitted() -> [(CheckedContinuation<Share, any Error>, Result<Share, any Error>)] {
            var admitted: [(CheckedContinuation<Share, any Error>, Result<Share, any Error>)] = []
            while let first = waiters.first {
                if isClosed {
                    admitted.append((first.wake, .failure(Refusal.closed)))
                } else if first.bytes > total {
                    admitted.append((first.wake, .failure(Refusal.tooLarge(total: total))))
                } else if first.bytes <= total - taken {
                    taken += first.bytes
                    admitted.append((first.wake, .success(Share(bytes: first.bytes))))
                } else {
                    break
                }
                waiters.removeFirst()
            }
            return admitted
        }
    }

    private let state: Mutex<State>

    /// - Parameter bytes: the budget.
    package init(bytes: Int) { state = Mutex(State(total: max(0, bytes))) }

    /// What is taken just now.
    package var taken: Int { state.withLock(\.taken) }
    /// How many wait for their turn.
    package var waiting: Int { state.withLock(\.waiters.count) }
    package var total: Int { state.withLock(\.total) }

    /// Returns once there is room. Throws ``Refusal``.
    package func take(_ bytes: Int) async throws -> Share {
        try await withCheckedThrowingContinuation { wake in
            change { $0.waiters.append(Waiter(bytes: max(0, bytes), wake: wake)) }
        }
    }

    package func release(_ share: Share) { change { $0.taken -= share.bytes } }

    /// Another budget, from the next capture on.
    package func resize(bytes: Int) { change { $0.total = max(0, bytes) } }

    /// Refuses all that wait and all that come.
    package func close() { change { $0.isClosed = true } }

    private func change(_ change: (inout State) -> Void) {
        let admitted = state.withLock { state in
            change(&state)
            return state.admitted()
        }
        for (wake, result) in admitted { wake.resume(with: result) }
    }
}
