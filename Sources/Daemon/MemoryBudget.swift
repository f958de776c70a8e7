import Synchronization

/// One budget of memory for all captures in work. A capture takes what it may need before it is read, or is told that it
/// does not fit just now; who waits for that waits elsewhere, and holds nothing meanwhile.
///
/// The capture that has waited longest has a place (``expect(_:)``). While only shares from before it had that place
/// keep it out, others may take what is free. As soon as those are given back, others may only take what is left beside
/// it. So small captures pass a large one while it could not begin anyway, and it is never passed by for ever.
package final class MemoryBudget: Sendable {
    /// What a capture took; given back with ``release(_:)``.
    package struct Share: Sendable, Equatable {
        package let bytes: Int
        /// Which place was held when it was taken.
        fileprivate let turn: Int
    }

    package enum Refusal: Error, Equatable {
        /// More than one capture may take.
        case tooLarge(largest: Int)
        /// It does not fit just now.
        case full
        /// The daemon stops.
        case closed
    }

    private struct State {
        var total: Int
        var isClosed = false
        /// Taken before the place was held that is held now.
        var older = 0
        /// Taken since.
        var newer = 0
        var expected: (id: Int64, bytes: Int)?
        var turn = 0
        var changes = 0
        var waiters: [CheckedContinuation<Void, Never>] = []

        var free: Int { total - older - newer }
        /// The rest, one eighth, is for ordinary captures while the largest is in work.
        var largest: Int { total - total / 8 }

        /// The most that a capture may take that has no place.
        var room: Int {
            // While what is older keeps the expected one out, it loses nothing.
            guard let expected, expected.bytes <= total - older else { return free }
            return min(free, total - expected.bytes - newer)
        }

        mutating func take(_ bytes: Int, for id: Int64?) throws(Refusal) -> Share {
            if isClosed { throw .closed }
            if bytes > largest { throw .tooLarge(largest: largest) }
            let isExpected = id != nil && expected?.id == id
            guard bytes <= (isExpected ? free : room) else { throw .full }
            // The place stays free until it is given anew, and what is taken now counts as older then.
            if isExpected { expected = nil }
            newer += bytes
            return Share(bytes: bytes, turn: turn)
        }

        /// False if it has the place already.
        @discardableResult
        mutating func expect(_ next: (id: Int64, bytes: Int)?) -> Bool {
            guard next?.id != expected?.id || next?.bytes != expected?.bytes else { return false }
            if next?.id != expected?.id {
                (older, newer) = (older + newer, 0)
                turn += 1
            }
            expected = next
            return true
        }
    }

    private let state: Mutex<State>

    /// - Parameter bytes: the budget.
    package init(bytes: Int) { state = Mutex(State(total: max(0, bytes))) }

    /// What is taken just now.
    package var taken: Int { state.withLock { $0.older + $0.newer } }
    package var total: Int { state.withLock(\.total) }
    /// The most that one capture may take.
    package var largest: Int { state.withLock(\.largest) }
    /// The most that a capture could take just now that has no place.
    package var room: Int { state.withLock(\.room) }
    /// What is free just now.
    package var free: Int { state.withLock(\.free) }

    /// Takes a share, or throws ``Refusal``.
    ///
    /// - Parameter id: of the capture, which may have the place; nil for one that has none.
    package func take(_ bytes: Int, for id: Int64? = nil) throws(Refusal) -> Share {
        try state.withLock { state throws(Refusal) in try state.take(max(0, bytes), for: id) }
    }

    /// Gives the place to the capture that has waited longest, or to none.
    package func expect(_ capture: (id: Int64, bytes: Int)?) { change { $0.expect(capture) } }

    package func release(_ share: Share) {
        change { state in
            if share.turn == state.turn { state.newer -= share.bytes } else { state.older -= share.bytes }
            return true
        }
    }

    /// Another budget, from the next capture on.
    package func resize(bytes: Int) {
        change { state in
            state.total = max(0, bytes)
            return true
        }
    }

    /// Refuses all that come.
    package func close() {
        change { state in
            state.isClosed = true
            return true
        }
    }

    /// Grows with whatever may let in what did not fit.
    package var changes: Int { state.withLock(\.changes) }

    /// Returns once there were more changes.
    package func change(after changes: Int) async {
        await withCheckedContinuation { wake in
            let isThere = state.withLock { state in
                if state.changes > changes || state.isClosed { return true }
                state.waiters.append(wake)
                return false
            }
            if isThere { wake.resume() }
        }
    }

    private func change(_ change: (inout State) -> Bool) {
        let waiters = state.withLock { state in
            guard change(&state) else { return [CheckedContinuation<Void, Never>]() }
            state.changes += 1
            defer { state.waiters = [] }
            return state.waiters
        }
        for wake in waiters { wake.resume() }
    }
}
