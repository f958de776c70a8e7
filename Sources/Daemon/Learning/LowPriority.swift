import Foundation
import Glibc

/// Runs work that nobody waits for on a thread of its own, behind all others of the process: ten steps nicer, so that it
/// gets about a tenth of a core where others want all of them.
enum LowPriority {
    private static let steps: Int32 = 10

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                // On Linux that is the calling thread's alone, and the thread ends with the work.
                let own = getpriority(.init(PRIO_PROCESS.rawValue), 0)
                _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, min(19, own + steps))
                continuation.resume(with: .init(catching: body))
            }
            thread.name = "nctd.learning"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
