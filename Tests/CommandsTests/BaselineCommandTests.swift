import Foundation
import Jobs
import NCTEngine
import TestSupport
import Testing

/// The baselines from the command line, a profile and the daemon's check.
@Suite struct BaselineCommandTests {
    static let baselines = NormalizationMethod.allCases.filter { $0 != .colorTransfer }.map(\.rawValue)

    private func sidecar(_ bench: Bench) throws -> Sidecar {
        try Sidecar(json: [UInt8](try #require(bench.space.read("out/capture.png.json"))))
    }

    @Test("A baseline loads no weights, keeps no cache, and its sidecar has its own parameters", arguments: baselines)
    func commandLine(method: String) throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        // Weights that would be an error if anything read them.
        try bench.space.write("no weights", to: "models/vgg19-features.safetensors")
        let result = try Subprocess.run(
            Subprocess.nctd,
            [
                "normalize", capture, "--reference", bench.reference, "--output", "out", "--cache", "kept", "--method",
                method, "--optical-density-threshold", "0.1", "--stages", "why",
            ],
            in: bench.space.path, environment: ["NCTD_MODELS": bench.space("models"), "XDG_CACHE_HOME": nil])
        #expect(result.status == 0, "\(result.error)")
        #expect(!result.error.contains("warning"))
        #expect(bench.space.files(in: "kept").isEmpty)
        #expect(bench.space.files(in: "why/capture") == ["contact-sheet.png"])
        let sidecar = try sidecar(bench)
        #expect(sidecar.method == method && sidecar.features == nil && sidecar.quality.treatment == .transferred)
        #expect(sidecar.parameters.values["levels"] == nil && sidecar.referenceChoice.distances.isEmpty)
        let unmixes = ["macenko", "vahadane"].contains(method)
        #expect(sidecar.parameters.values["optical_density_threshold"] == (unmixes ? .number(0.1) : nil))
        #expect(try Sidecar(json: sidecar.json()) == sidecar)
    }

    @Test("A profile names the method and its parameters; the option goes before it")
    func profile() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        try bench.space.write(
            "references = [\"reference.png\"]\nmethod = \"color-balance\"\nsaturated_low_percent = 2\n", to: "lab.toml")
        func run(_ more: String...) throws -> Sidecar {
            let arguments = [
                "normalize", capture, "--profile", "lab.toml", "--output", "out", "--overwrite", "--no-cache",
            ]
            let result = try Subprocess.run(
                Subprocess.nctd, arguments + more, in: bench.space.path, environment: Bench.environment)
            #expect(result.status == 0, "\(result.error)")
            return try sidecar(bench)
        }
        let own = try run()
        #expect(own.method == "color-balance" && own.parameters.values["saturated_low_percent"] == .number(2))
        #expect(own.parameters.values["saturated_high_percent"] == .number(1))
        let other = try run("--method", "reinhard", "--reinhard-space", "cielab")
        #expect(other.method == "reinhard" && other.parameters.values["reinhard_space"] == .word("cielab"))
        let transfer = try run("--method", "color-transfer", "--layer", "1")
        #expect(transfer.parameters.values["levels"] == .levels([1]))
        let check = try bench.nctd("profile", "check", "lab.toml")
        #expect(check.status == 0 && check.output.contains("color-balance") && !check.output.contains("features"))
    }

    @Test("An unknown method and a value out of range are usage errors that say what is right")
    func refused() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        for (options, words) in [
            (["--method", "reinhart"], "reinhard"), (["--method", "macenko", "--angle-percentile", "30"], "0 to 25"),
            (["--sparsity", "2"], "--sparsity"),
        ] {
            let result = try Subprocess.run(
                Subprocess.nctd, ["normalize", capture, "--reference", bench.reference, "--output", "out"] + options,
                in: bench.space.path, environment: Bench.environment)
            #expect(result.status == 2 || result.status == 64, "\(result.status)")
            #expect(result.error.contains(words), "\(result.error)")
            #expect(bench.space.files(in: "out").isEmpty)
        }
    }

    @Test("nctd check prepares a profile with a baseline, and misses no weights")
    func daemonCheck() throws {
        let bench = try Bench()
        try bench.space.write(
            "references = [\"../reference.png\"]\nmethod = \"vahadane\"\n", to: "profiles.d/lab-b.toml")
        try bench.capture("lab-b/one.png")
        try bench.space.write(
            Bench.configuration + "\nmode = \"scan\"", to: "nctd.toml")
        for options in [[], ["--no-prepare"]] {
            let result = try Subprocess.run(
                Subprocess.nctd, ["check", "--config", "nctd.toml"] + options, in: bench.space.path,
                environment: Bench.environment)
            #expect(result.status == 0, "\(result.error)")
            #expect(result.output.contains("profile \"lab-b\"  vahadane"), "\(result.output)")
            #expect(!result.error.contains("weights"))
        }
    }
}
