import Foundation
import TestSupport

/// A daemon of one lab in a bench's folder, for the commands that tell of it or begin it.
extension Bench {
    /// The least configuration, with paths below the bench's folder: what `nctd check` looks at.
    static let configuration = """
        [daemon]
        state_directory = "state"
        [output]
        directory = "out"
        minimum_free_mebibytes = 1
        [[watch]]
        path = "lab-b"
        lab = "lab-b"
        profile = "lab-b"
        """

    /// Makes the folders of a lab, its profile and a configuration that is run.
    func configure(lab: String = "lab-b") throws {
        for folder in ["out", "quarantine", "in", "profiles.d"] {
            try FileManager.default.createDirectory(atPath: space(folder), withIntermediateDirectories: true)
        }
        try space.write(
            "name = \"lab-a\"\nreferences = [\"../reference.png\"]\nlevels = [1]\nenhancement = \"none\"\n",
            to: "profiles.d/lab-a.toml")
        try space.write(
            """
            [daemon]
            state_directory = "\(space("state"))"
            profiles_directory = "\(space("profiles.d"))"
            [output]
            directory = "\(space("out"))"
            quarantine_directory = "\(space("quarantine"))"
            minimum_free_mebibytes = 0
            [[watch]]
            path = "\(space("in"))"
            lab = "\(lab)"
            profile = "lab-a"
            settle_seconds = 0.05

            """, to: "nctd.toml")
    }

    /// Runs another command with that configuration.
    func command(_ arguments: String...) throws -> Subprocess.Result { try command(arguments) }

    func command(_ arguments: [String]) throws -> Subprocess.Result {
        try Subprocess.run(
            Subprocess.nctd, [arguments[0], "--config", "nctd.toml"] + arguments.dropFirst(), in: space.path,
            environment: Bench.environment)
    }

    /// Starts `nctd run` with that configuration.
    func startDaemon() throws -> RunningDaemon {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Subprocess.nctd)
        process.arguments = ["run", "--config", space("nctd.toml")]
        var environment = ProcessInfo.processInfo.environment
        for (name, value) in Bench.environment { environment[name] = value }
        process.environment = environment
        let pipe = Pipe()
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return RunningDaemon(process: process, lines: pipe.fileHandleForReading)
    }
}

struct RunningDaemon {
    let process: Process
    let lines: FileHandle

    /// Reads lines until so many of an event were there, or the daemon ended; returns all that was read.
    func read(until event: String, count: Int = 1) -> String {
        var text = ""
        while text.components(separatedBy: "[\(event)]").count <= count {
            let piece = lines.availableData
            if piece.isEmpty { break }
            text += String(decoding: piece, as: UTF8.self)
        }
        return text
    }
}
