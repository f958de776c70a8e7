import Config
import Foundation
import Jobs

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
        let limit = limit
        return try? await Blocking.run { () -> Int32? in
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments = ["probe-capture", "--profile", path] + (weights.map { ["--weights", $0] } ?? [])
            var environment = ProcessInfo.processInfo.environment
            environment["NCTD_FAILPOINT"] = nil
            process.environment = environment
            let input = Pipe()
            process.standardInput = input
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let end = DispatchWorkItem { kill(process.processIdentifier, SIGKILL) }
            if let limit {
                DispatchQueue.global().asyncAfter(
                    deadline: .now() + .milliseconds(Int(limit / .milliseconds(1))), execute: end)
            }
            // A child that dies early closes the pipe; that is an answer, not an error.
            try? input.fileHandleForWriting.write(contentsOf: Data(bytes))
            try? input.fileHandleForWriting.close()
            process.waitUntilExit()
            end.cancel()
            return process.terminationReason == .uncaughtSignal ? process.terminationStatus : nil
        }
    }
}

/// In tests of the probe, `NCTD_TEST_POISON=SHA256` makes the capture with this digest kill the process that decodes it.
public enum Poison {
    private static let digest = ProcessInfo.processInfo.environment["NCTD_TEST_POISON"]

    public static func check(_ sha256: String) {
        if let digest, digest == sha256 { abort() }
    }
}
