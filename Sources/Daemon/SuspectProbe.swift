import Config
import Foundation
import Glibc
import Jobs
import Synchronization

/// Tries a capture during whose attempt the daemon died, where a second death does no harm.
public protocol SuspectProbe: Sendable {
    /// The signal that the capture's decoding or normalization ends a process with; nil if it does not.
    func deadlySignal(of bytes: [UInt8], profile: Profile, weights: String?) async -> Int32?
}

/// Runs the program itself as `nctd probe-capture`, which gets the capture on its standard input.
///
/// So the daemon need not guess from its own death: whoever kills it with `kill -9`, or pulls the plug, puts no blame
/// on the capture that was in work.
public struct ProbeProcess: SuspectProbe {
    /// How long the capture may take before it counts as one that hangs; nil waits for good.
    private let limit: Duration?

    /// - Parameter watchdog: of the service manager; a capture that would hang the daemon until the watchdog ends it is
    ///   found out here, well before that.
    public init(watchdog: Duration? = nil) { limit = watchdog.map { $0 * 2 / 5 } }

    public func deadlySignal(of bytes: [UInt8], profile: Profile, weights: String?) async -> Int32? {
        guard let path = profile.path else { return nil }
        let arguments = ["nctd", "probe-capture", "--profile", path] + (weights.map { ["--weights", $0] } ?? [])
        let limit = limit
        return try? await Blocking.run { try Self.run(arguments, input: bytes, limit: limit) }
    }

    /// The signal that ended the process; nil if it ended by itself.
    ///
    /// Not by Foundation's `Process`: its end is waited for in a run loop, which never hears of it in a sandbox.
    private static func run(_ arguments: [String], input: [UInt8], limit: Duration?) throws -> Int32? {
        let (process, writing) = try spawning.withLock { _ in try spawn(arguments) }
        let end = DispatchWorkItem { kill(process, SIGKILL) }
        if let limit { DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1), execute: end) }
        // A child that dies early closes the pipe; that is an answer, not an error.
        var rest = input[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { break }
            rest = rest.dropFirst(count)
        }
        close(writing)
        // First without reaping it, so that its number stays its own until nobody kills it any more.
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        end.cancel()
        var result: Int32 = 0
        while waitpid(process, &result, 0) < 0, errno == EINTR {}
        let signal = result & 0x7F
        return signal == 0 ? nil : signal
    }

    /// One at a time: no process may inherit the pipe of another, whose end it would then hold open.
    private static let spawning = Mutex(())

    /// Starts the program with a pipe for its input; returns its number and the pipe's end to write to.
    private static func spawn(_ arguments: [String]) throws -> (process: pid_t, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
        let (reading, writing) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(reading) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, reading, STDIN_FILENO)
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        let environment = ProcessInfo.processInfo.environment
            .filter { $0.key != "NCTD_FAILPOINT" && $0.key != "NOTIFY_SOCKET" }.map { "\($0.key)=\($0.value)" }
        var child: pid_t = 0
        let status = withStrings(arguments) { arguments in
            withStrings(environment) { posix_spawn(&child, "/proc/self/exe", &actions, nil, arguments, $0) }
        }
        guard status == 0 else {
            close(writing)
            throw POSIXError(POSIXErrorCode(rawValue: status) ?? .EAGAIN)
        }
        return (child, writing)
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

/// In tests of the probe, `NCTD_TEST_POISON=SHA256` makes the capture with this digest kill the process that decodes it.
public enum Poison {
    private static let digest = ProcessInfo.processInfo.environment["NCTD_TEST_POISON"]

    public static func check(_ sha256: String) {
        if let digest, digest == sha256 { abort() }
    }
}
