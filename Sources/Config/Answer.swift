import Dispatch
import Foundation
import Synchronization

/// Asks a file system that may not answer: a share whose server is gone holds whoever looks at it, for hours.
public enum Answer {
    /// Paths that did not answer, and when.
    private static let silent = Mutex<[String: ContinuousClock.Instant]>([:])
    private static let memory = Duration.seconds(10)

    /// What a body finds out of a path, on a thread of its own; nil if that takes longer than some seconds. A path that was
    /// silent just now is not asked.
    public static func within<Found: Sendable>(
        _ path: String, seconds: Double = 3, _ body: @escaping @Sendable () -> Found
    ) -> Found? {
        if let since = silent.withLock({ $0[path] }), since.duration(to: .now) < memory { return nil }
        let found = Box<Found>()
        let end = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            let value = body()
            found.value.withLock { $0 = value }
            end.signal()
        }
        if end.wait(timeout: .now() + seconds) == .timedOut {
            silent.withLock { $0[path] = .now }
            return nil
        }
        silent.withLock { $0[path] = nil }
        return found.value.withLock { $0 }
    }

    private final class Box<Value: Sendable>: Sendable { let value = Mutex<Value?>(nil) }
}
