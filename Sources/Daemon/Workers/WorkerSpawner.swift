import CWorkers
import Foundation
import Glibc
import Synchronization

/// Starts processes from one thread that lives as long as this process: what asks to be killed with its parent is killed
/// with the thread that started it.
package final class WorkerSpawner: Sendable {
    package static let shared = WorkerSpawner()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let count = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                count.wait()
                jobs.withLock { $0.removeFirst() }()
            }
        }
        thread.name = "nctd.spawner"
        thread.start()
    }

    /// The program itself, or, for tests, `NCTD_TEST_WORKER`.
    package static var program: String { ProcessInfo.processInfo.environment["NCTD_TEST_WORKER"] ?? "/proc/self/exe" }

    /// Runs a program as a worker whose standard input is its end of the
    /// socket. Not by Foundation's `Process`: its end is waited for in a run loop, which never hears of it in a sandbox.
    ///
    /// Throws `POSIXError`.
    package func spawn(_ program: String, socket: WorkerSocket) async throws -> pid_t {
        try await withCheckedThrowingContinuation { continuation in
            jobs.withLock { $0.append { continuation.resume(with: .init { try Self.spawn(program, socket.number) }) } }
            count.signal()
        }
    }

    private static func spawn(_ program: String, _ socket: Int32) throws -> pid_t {
        var environment = ProcessInfo.processInfo.environment
        environment["NOTIFY_SOCKET"] = nil
        // A death is to be one at once, by its own signal.
        environment["SWIFT_BACKTRACE"] = "enable=no"
        var child: pid_t = 0
        let status = withStrings(["nctd", "capture-worker", "--parent", String(getpid())]) { arguments in
            withStrings(environment.map { "\($0.key)=\($0.value)" }) {
                nct_spawn(program, arguments, $0, socket, &child)
            }
        }
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EAGAIN) }
        return child
    }

    /// Starts a command of the configuration's in a group of its own, with bytes on its standard input and its output
    /// nowhere. Throws `POSIXError`.
    static func start(_ command: [String], environment: [String: String], input: [UInt8]) throws -> pid_t {
        let file = input.withUnsafeBytes { nct_memory_file($0.baseAddress, $0.count) }
        guard file >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        defer { close(file) }
        var child: pid_t = 0
        let status = withStrings(command) { arguments in
            withStrings(environment.map { "\($0.key)=\($0.value)" }) {
                nct_spawn_command(command[0], arguments, $0, file, &child)
            }
        }
        guard status == 0 else { throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EAGAIN) }
        return child
    }

    /// Lends C an array of strings that ends with nil.
    private static func withStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        return body(&pointers)
    }
}
