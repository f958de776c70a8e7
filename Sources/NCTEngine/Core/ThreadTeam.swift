import Foundation
import Synchronization

/// The threads that share the engine's loops, one team for the process.
///
/// Not Dispatch's: while work waits in its queues, its monitor looks into `/proc` once a second at what its threads do, and
/// ends the process where it may not open that, as in a worker behind its filter of system calls.
final class ThreadTeam: Sendable {
    static let shared = ThreadTeam()

    /// A loop whose pieces are being worked on. All but `next` is the team's, under its lock.
    private final class Loop: @unchecked Sendable {
        let pieces: Int
        let next = Atomic<Int>(0)
        var body: (@Sendable (Int) -> Void)?
        /// Threads that may still join, and those that have joined.
        var wanted: Int
        var inside = 0

        init(pieces: Int, wanted: Int, body: @escaping @Sendable (Int) -> Void) {
            (self.pieces, self.wanted, self.body) = (pieces, wanted, body)
        }

        /// Takes pieces until none is left.
        func work(_ body: @Sendable (Int) -> Void) {
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < pieces else { return }
                body(piece)
            }
        }
    }

    private struct State {
        var loops: [Loop] = []
        var threads = 0
    }

    private let condition = NSCondition()
    /// Under the condition's lock, which waits with it.
    private nonisolated(unsafe) var state = State()
    /// As a process's first thread has it.
    private static let stackSize = 8 << 20

    /// Calls `body` once for each of the pieces, on the calling thread and so many others, and returns when all are done.
    func perform(_ pieces: Int, helpers: Int, _ body: @Sendable (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            let loop = Loop(pieces: pieces, wanted: helpers, body: body)
            begin(loop)
            loop.work(body)
            end(loop)
        }
    }

    private func begin(_ loop: Loop) {
        condition.withLock {
            state.loops.append(loop)
            let wanted = state.loops.reduce(0) { $0 + $1.wanted + $1.inside }
            while state.threads < wanted {
                state.threads += 1
                let thread = Thread { self.serve() }
                thread.stackSize = Self.stackSize
                thread.start()
            }
            condition.broadcast()
        }
    }

    /// Waits for those that have joined; nobody does any more.
    private func end(_ loop: Loop) {
        condition.withLock {
            loop.wanted = 0
            state.loops.removeAll { $0 === loop }
            while loop.inside > 0 { condition.wait() }
            loop.body = nil
        }
    }

    /// What each thread of the team does.
    private func serve() {
        condition.lock()
        while true {
            guard let loop = state.loops.first(where: { $0.wanted > 0 }) else {
                condition.wait()
                continue
            }
            loop.wanted -= 1
            loop.inside += 1
            condition.unlock()
            help(loop)
            condition.lock()
            loop.inside -= 1
            if loop.inside == 0 { condition.broadcast() }
        }
    }

    /// Of its own, so that nothing of the loop's body is left when it returns.
    @inline(never)
    private func help(_ loop: Loop) {
        if let body = loop.body { loop.work(body) }
    }
}
