import Daemon
import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(15))) struct LowPriorityTests {
    private static let own: @Sendable () -> Int32 = { getpriority(.init(PRIO_PROCESS.rawValue), 0) }

    @Test("Steps come behind all others for a while, then like all others")
    func patience() async throws {
        let begin = ContinuousClock.now
        let priority = LowPriority(begin: begin)
        #expect(priority.niceness(at: begin) == 10)
        #expect(priority.niceness(at: begin + LowPriority.patience) == 0)
        let old = LowPriority(begin: begin - LowPriority.patience)
        let usual = try await old.run(Self.own)
        // However long a busy machine takes to come to this.
        let young = LowPriority(begin: begin + .seconds(3600))
        #expect(try await young.run(Self.own) == min(19, usual + 10))
        #expect(try await old.run(Self.own) == usual, "it ends with its step")
    }

    @Test("Who is cancelled does not wait for the step, nor for one that is not begun")
    func cancelled() async throws {
        let brake = Brake()
        brake.hold()
        defer { brake.release() }
        let began = AsyncStream<Void>.makeStream()
        let waiting = Task {
            try await LowPriority().run {
                began.continuation.yield()
                brake.pass()
            }
        }
        for await _ in began.stream { break }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        let late = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await LowPriority().run { Issue.record("it was begun") }
        }
        await #expect(throws: CancellationError.self) { try await late.value }
    }

    @Test("What a step throws is thrown")
    func throwing() async throws {
        await #expect(throws: CocoaError.self) { try await LowPriority().run { throw CocoaError(.fileNoSuchFile) } }
    }
}
