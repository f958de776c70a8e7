import Config
import Foundation
import TestSupport
import Testing

/// A configuration with the directories and files that it names.
struct ConfigurationFolder {
    let space: Workspace
    var path: String { space.path }
    var file: String { space("nctd.toml") }

    init() throws {
        space = try Workspace()
        for directory in ["lab-a", "lab-b", "out", "profiles.d"] {
            try FileManager.default.createDirectory(atPath: space(directory), withIntermediateDirectories: true)
        }
        try space.write("", to: "profiles.d/one.png")
        try space.write("references = [\"one.png\"]\n", to: "profiles.d/lab-b.toml")
    }

    static let least = """
        [daemon]
        state_directory = "state"
        [output]
        directory = "out"
        [[watch]]
        path = "lab-b"
        lab = "lab-b"
        profile = "lab-b"

        """

    func read(_ text: String) throws -> DaemonConfiguration {
        try space.write(text, to: "nctd.toml")
        return try DaemonConfiguration.read(path: file)
    }

    func problems(_ text: String) throws -> [ConfigurationProblem] {
        let error = try #require(throws: ConfigurationError.self) { _ = try read(text) }
        for problem in error.problems { #expect(!problem.remedy.isEmpty && !problem.message.hasSuffix(".")) }
        return error.problems
    }
}
