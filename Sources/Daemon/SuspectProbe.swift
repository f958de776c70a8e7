import Config
import Foundation
import Glibc
import ImageFiles
import Jobs
import NCTEngine
import Synchronization
import Watching

/// A capture during whose work the daemon died, with all that its work needs.
public struct Suspect: Sendable {
    /// The watched tree.
    public var root: String
    public var path: CapturePath
    /// Links within the tree are followed.
    public var followsLinks: Bool
    public var profile: Profile
    /// What was learned of its lab.
    public var learned: LearnedColors
    public var weights: String?
    public var limits: ImageLimits
    /// What the capture may allocate, bytes.
    public var memory: Int

    public init(
        root: String, path: CapturePath, followsLinks: Bool = false, profile: Profile,
        learned: LearnedColors = LearnedColors(), weights: String?,
        limits: ImageLimits, memory: Int
    ) {
        self.root = root
        self.path = path
        self.followsLinks = followsLinks
        self.profile = profile
        self.learned = learned
        self.weights = weights
        self.limits = limits
        self.memory = memory
    }
}

/// What became of a process that worked on a suspect.
public enum ProbeFinding: Sendable, Equatable {
    /// It ended by itself, whatever it made of the capture.
    case survives
    /// A signal ended it.
    case dies(signal: Int32)
    /// It did not end in the time that it had.
    case hangs(seconds: Int)
    /// It could not be tried: nothing is known.
    case unavailable(String)
}

/// Tries a capture during whose work the daemon died, where a second death does no harm.
public protocol SuspectProbe: Sendable {
    func examine(_ suspect: Suspect) async -> ProbeFinding
}

/// Runs the program itself as `nctd probe-capture`, which does all that the daemon does with the file, from the look at
/// whether it is whole to the encoded result, and writes nothing.
///
/// So the daemon need not guess from its own death: whoever kills it with `kill -9`, or pulls the plug, puts no blame
/// on the capture that was in work.
public struct ProbeProcess: SuspectProbe {
    /// How long the capture may take before it counts as one that hangs; nil waits for good.
    private let limit: Duration?

    /// - Parameter watchdog: of the service manager; a capture that would hang the daemon until the watchdog ends it is
    ///   found out here, well before that.
    public init(watchdog: Duration? = nil) { limit = watchdog.map { $0 * 2 / 5 } }

    public func examine(_ suspect: Suspect) async -> ProbeFinding {
        guard let profile = suspect.profile.path else { return .unavailable("its profile has no file") }
        let path = suspect.path.bytes.hexadecimal
        var arguments = [
            "nctd", "probe-capture", "--root", suspect.root, "--path", path, "--profile", profile,
            "--maximum-pixels", String(suspect.limits.maximumPixels), "--memory", String(suspect.memory),
        ]
        if let palette = suspect.learned.palette { arguments += ["--capture-palette", palette.path] }
        for light in suspect.learned.lights { if let path = light.path { arguments += ["--learned-light", path] } }
        if let weights = suspect.weights { arguments += ["--weights", weights] }
        if suspect.followsLinks { arguments.append("--follow-links") }
        let limit = limit
        do {
            return try await Blocking.run { [arguments] in try Self.run(arguments, limit: limit) }
        } catch let error as POSIXError {
            return .unavailable("its process could not be started: \(SystemTrouble.text(error.code.rawValue))")
        } catch {
            return .unavailable("its process could not be started: \(error)")
        }
    }

    /// Not by Foundation's `Process`: its end is waited for in a run loop, which never hears of it in a sandbox.
    private static func run(_ arguments: [String], limit: Duration?) throws -> ProbeFinding {
        let process = try spawn(arguments)
        let isLate = Atomic(false)
        let end = DispatchWorkItem {
            isLate.store(true, ordering: .relaxed)
            kill(process, SIGKILL)
        }
        if let limit { DispatchQueue.global().asyncAfter(deadline: .now() + limit / .seconds(1), execute: end) }
        // First without reaping it, so that its number stays its own until nobody kills it any more.
        var information = siginfo_t()
        while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        end.cancel()
        var result: Int32 = 0
        while waitpid(process, &result, 0) < 0, errno == EINTR {}
        let signal = result & 0x7F
        if signal == 0 { return .survives }
        if isLate.load(ordering: .relaxed), let limit { return .hangs(seconds: Int(limit.components.seconds)) }
        return .dies(signal: signal)
    }

    private static func spawn(_ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        let environment = ProcessInfo.processInfo.environment
            .filter { $0.key != "NCTD_FAILPOINT" && $0.key != "NOTIFY_SOCKET" }.map { "\($0.key)=\($0.value)" }
        var child: pid_t = 0
        let program = ProcessInfo.processInfo.environment["NCTD_TEST_PROBE"] ?? "/proc/self/exe"
        let status = withStrings(arguments) { arguments in
            withStrings(environment) { posix_spawn(&child, program, &actions, nil, arguments, $0) }
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

/// For tests: `NCTD_TEST_POISON=SHA256` makes the capture with this digest kill the process that decodes it,
/// `NCTD_TEST_POISON=look:NAME` the one of this name the process that looks at whether it is whole.
public enum Poison {
    private static let setting = ProcessInfo.processInfo.environment["NCTD_TEST_POISON"]

    public static func check(_ sha256: String) {
        if let setting, setting == sha256 { abort() }
    }

    public static func check(_ path: CapturePath) {
        if let setting, setting.hasPrefix("look:"), path.name.elementsEqual(setting.dropFirst(5).utf8) { abort() }
    }
}
