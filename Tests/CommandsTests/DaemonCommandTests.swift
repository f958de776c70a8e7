import Foundation
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct DaemonCommandTests {
    /// A configuration with one lab in a bench's folder.
    private func configure(_ bench: Bench) throws {
        for folder in ["out", "quarantine", "in", "profiles.d"] {
            try FileManager.default.createDirectory(
                atPath: bench.space(folder), withIntermediateDirectories: true)
        }
        try bench.space.write(
            "name = \"lab-a\"\nreferences = [\"../reference.png\"]\nlevels = [1]\nenhancement = \"none\"\n",
            to: "profiles.d/lab-a.toml")
        try bench.space.write(
            """
            [daemon]
            state_directory = "\(bench.space("state"))"
            profiles_directory = "\(bench.space("profiles.d"))"
            [output]
            directory = "\(bench.space("out"))"
            quarantine_directory = "\(bench.space("quarantine"))"
            minimum_free_mebibytes = 0
            [[watch]]
            path = "\(bench.space("in"))"
            lab = "lab-b"
            profile = "lab-a"
            settle_seconds = 0.05

            """, to: "nctd.toml")
    }

    /// Starts `nctd run` and returns it with the lines that it writes.
    private func start(_ bench: Bench) throws -> (process: Process, lines: FileHandle) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Subprocess.nctd)
        process.arguments = ["run", "--config", bench.space("nctd.toml")]
        var environment = ProcessInfo.processInfo.environment
        for (name, value) in Bench.environment { environment[name] = value }
        process.environment = environment
        let pipe = Pipe()
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return (process, pipe.fileHandleForReading)
    }

    /// Reads lines until so many of an event were there; returns all that was read.
    private func read(_ lines: FileHandle, until event: String, count: Int = 1) -> String {
        var text = ""
        while text.components(separatedBy: "[\(event)]").count <= count {
            let piece = lines.availableData
            if piece.isEmpty { break }
            text += String(decoding: piece, as: UTF8.self)
        }
        return text
    }

    @Test("The daemon does what arrives, the commands tell of it beside it and after it, and SIGTERM ends it with 0")
    func wholeLife() throws {
        let bench = try Bench()
        try configure(bench)
        try bench.capture("in/slide/1.png", seed: 1)
        try bench.space.write("no image", to: "in/bad.png")
        try FileManager.default.createSymbolicLink(
            atPath: bench.space("in/slide/link.png"), withDestinationPath: bench.space("in/slide/1.png"))
        let (process, lines) = try start(bench)
        let log = read(lines, until: "done")
        #expect(log.contains("[done]"))
        let second = try bench.nctd("run", "--config", "nctd.toml")
        #expect(second.status == 2)
        #expect(second.error.contains("process \(process.processIdentifier)"))
        process.terminate()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)

        let status = try bench.nctd("status", "--config", "nctd.toml", "--json")
        #expect(status.status == 0)
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(status.output.utf8)) as? [String: Any])
        let root = try #require((report["roots"] as? [[String: Any]])?.first)
        #expect(root["seen"] as? Int == 3)
        #expect(report["process_id"] == nil)
        let explained = try bench.nctd("explain", "--config", "nctd.toml", "in/slide/1.png")
        #expect(explained.output.contains("done"))
        #expect(explained.output.contains("out/lab-b/slide/1.png"))
        let link = try bench.nctd("explain", "--config", "nctd.toml", "in/slide/../slide/./link.png")
        #expect(link.output.contains("ignored") && link.output.contains("a symbolic link"), "\(link.output)")
        #expect(try bench.nctd("verify", "--config", "nctd.toml").status == 0)
        let sidecar = try #require(bench.space.read("out/lab-b/slide/1.png.json"))
        let schema = try JSONSchema(
            json: Data(contentsOf: SidecarSchemaTests.docs.appendingPathComponent("sidecar.schema.json")))
        #expect(try schema.violations(of: sidecar) == [])
    }

    @Test(
        "Without a ledger the commands say where they looked and end with 2",
        arguments: ["status", "failures", "verify"])
    func withoutLedger(command: String) throws {
        let bench = try Bench()
        try configure(bench)
        let result = try bench.nctd(command, "--config", "nctd.toml")
        #expect(result.status == 2)
        #expect(result.error.contains("ledger.sqlite"))
    }
}
