import Config
import Daemon
import Foundation
import TestSupport
import Testing

/// What a reload says of profiles that make other results than before.
@Suite(.timeLimit(.minutes(5))) struct ReloadTests {
    private func bench(_ profile: String) throws -> DaemonBench {
        let space = try Workspace()
        for lab in ["lab-a", "lab-b"] {
            try FileManager.default.createDirectory(atPath: space(lab), withIntermediateDirectories: true)
        }
        for (number, name) in ["one.png", "two.png"].enumerated() {
            try space.write(try DaemonBench.picture(UInt64(number)), to: "profiles.d/\(name)")
        }
        try space.write("references = [\"one.png\"]\n" + profile, to: "profiles.d/p.toml")
        try space.write("references = [\"two.png\"]\n", to: "profiles.d/other.toml")
        try space.write(
            """
            [daemon]
            state_directory = "state"
            isolation = "threads"
            [output]
            directory = "out"
            quarantine_directory = "quarantine"
            minimum_free_mebibytes = 0
            [[watch]]
            path = "lab-a"
            lab = "lab-a"
            profile = "p"
            settle_seconds = 0
            [[watch]]
            path = "lab-b"
            lab = "lab-b"
            profile = "other"
            """, to: "nctd.toml")
        let configuration = try DaemonConfiguration.read(path: space("nctd.toml"))
        return try DaemonBench(space: space) { $0 = configuration }
    }

    @Test(
        "Other content of a file that a profile names counts as another profile, and the same content does not",
        arguments: ["", "method = \"reinhard\"\nflat_field = \"two.png\"\n"])
    func files(_ profile: String) async throws {
        let bench = try bench(profile)
        let file = profile.isEmpty ? "one.png" : "two.png"
        try bench.write("x.png")
        try await bench.run {
            try await bench.finish("x.png")
            #expect(try await !bench.reload().contains("has changed"))
            let before = try #require(bench.space.read("profiles.d/\(file)"))
            try bench.space.write(before, to: "profiles.d/\(file)")
            #expect(try await !bench.reload().contains("has changed"))
            try bench.space.write(try DaemonBench.picture(9), to: "profiles.d/\(file)")
            #expect(
                try await bench.reload().contains(
                    "profile p has changed (\(bench.space("profiles.d/\(file)"))): 1 result was made with the old one, "
                        + "nctd reprocess --profile p makes them again"))
            #expect(try await !bench.reload().contains("has changed"), "it is said once")
        }
    }
}
