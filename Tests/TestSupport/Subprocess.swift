import Foundation

/// Runs the built program and others, as a user's shell would.
public enum Subprocess {
    public struct Result: Sendable {
        public var status: Int32
        public var output: String
        public var error: String
    }

    /// The program `nctd`, which lies beside the test bundle.
    public static var nctd: String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return ((bundle as NSString).deletingLastPathComponent as NSString).appendingPathComponent("nctd")
    }

    /// Runs a program to its end; standard input is empty. A program that a signal ended has 128 plus its number.
    ///
    /// - Parameters:
    ///   - environment: replaces the values of these variables; nil values unset them.
    ///   - onOutput: called for each piece of standard output as it comes, with the running process.
    public static func run(
        _ program: String, _ arguments: [String], in directory: String? = nil,
        environment: [String: String?] = [:], onOutput: ((String, Process) -> Void)? = nil
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        var variables = ProcessInfo.processInfo.environment
        for (name, value) in environment { variables[name] = value }
        process.environment = variables
        let output = Pipe()
        let error = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // Both pipes are read at once, so that neither fills up and stops the program.
        let group = DispatchGroup()
        let errors = Box()
        DispatchQueue.global().async(group: group) {
            errors.data = error.fileHandleForReading.readDataToEndOfFile()
        }
        var collected = Data()
        while true {
            let piece = output.fileHandleForReading.availableData
            if piece.isEmpty { break }
            collected.append(piece)
            onOutput?(String(decoding: piece, as: UTF8.self), process)
        }
        group.wait()
        process.waitUntilExit()
        let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        return Result(
            status: status, output: String(decoding: collected, as: UTF8.self),
            error: String(decoding: errors.data, as: UTF8.self))
    }

    /// `@unchecked` because the group orders the one write before the one read.
    private final class Box: @unchecked Sendable { var data = Data() }
}
