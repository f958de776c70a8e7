import Files
import Foundation
import Glibc
import Ledger

/// The time, so that tests can drive it.
public protocol DaemonClock: Sendable {
    var now: Moment { get }
    /// Returns after so much time has passed, or throws `CancellationError`.
    func sleep(milliseconds: Int64) async throws
}

/// The machine's clocks.
public struct SystemClock: DaemonClock {
    public init() {}

    public var now: Moment {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Moment(
            milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000,
            wall: Date().timeIntervalSince1970)
    }

    public func sleep(milliseconds: Int64) async throws {
        try await Task.sleep(for: .milliseconds(max(0, milliseconds)))
    }

    /// What tells one start of the machine from another.
    public static var boot: String {
        KernelFile.lines("/proc/sys/kernel/random/boot_id")?.first ?? "?"
    }
}

/// Runs work that blocks (disks, the engine) on threads of its own: the few threads that tasks share stay free to
/// answer signals and events.
enum Blocking {
    private static let queue = DispatchQueue(label: "nctd.blocking", attributes: .concurrent)

    static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: .init(catching: body)) }
        }
    }
}
