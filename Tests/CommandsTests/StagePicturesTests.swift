import Foundation
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct StagePicturesTests {
    @Test("With the best of two references the stages show the features of the chosen one, by its number")
    func best() throws {
        let bench = try Bench()
        let second = try bench.space.write(try Bench.encode(Bench.smear(seed: 901, stain: .labA)), to: "second.png")
        for seed in UInt64(1)...3 {
            try bench.capture("in/\(seed).png", seed: seed)
        }
        let result = try bench.nctd(
            "normalize", bench.space("in"), "--reference", bench.reference, "--reference", second, "--reference-use",
            "best", "--output", "out", "--layer", "1", "--no-cache", "--stages", "why")
        #expect(result.status == 0, "\(result.error)")
        for seed in 1...3 {
            let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/\(seed).png.json"))))
            let choice = sidecar.referenceChoice
            let chosen = try #require(choice.chosen)
            #expect(choice.distances.count == 2 && choice.distances.min() == choice.distances[chosen])
            #expect(choice.reason.contains("reference \(chosen + 1)"))
            let features = bench.space.files(in: "why/\(seed)").filter { $0.contains("features-reference") }
            #expect(features.count == 1 && features[0].hasSuffix("features-reference-\(chosen + 1).png"), "\(features)")
        }
    }

    @Test("The graph cut's labels are shown, and its energy is in the sidecar by term")
    func labels() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        func normalize(_ solver: String) throws -> Sidecar {
            let result = try bench.nctd(
                "normalize", capture, "--reference", bench.reference, "--output", solver, "--no-cache", "--stages",
                "why-" + solver, "--solver", solver)
            #expect(result.status == 0, "\(result.error)")
            let shown = bench.space.files(in: "why-\(solver)/capture").contains { $0.hasSuffix("-labels.png") }
            #expect(shown == (solver == "graph-cut"))
            return try Sidecar(json: [UInt8](try #require(bench.space.read(solver + "/capture.png.json"))))
        }
        let (cut, squares) = (try normalize("graph-cut"), try normalize("least-squares"))
        let (ours, theirs) = (try #require(cut.transfer), try #require(squares.transfer))
        #expect(ours.solver == .graphCut && theirs.solver == .leastSquares && ours.pixels == theirs.pixels)
        let labels = try #require(ours.labels)
        #expect(labels.used >= 1 && labels.used <= labels.offered && labels.offered <= 32 && theirs.labels == nil)
        #expect(labels.data > 0 && labels.pairs >= 0)
        for energy in [ours.energy, theirs.energy] {
            let terms = energy.data + energy.local + energy.nonlocal
            #expect(energy.data > 0 && abs(energy.total - terms) < 1e-6 * terms)
        }
        #expect(cut.output.sha256 != squares.output.sha256)
    }

    @Test("A capture in tiles is normalized; with --stages it fails, says what to set, and leaves nothing")
    func tiles() throws {
        let bench = try Bench()
        let scene = Bench.smear(seed: 31, stain: .labB, width: 320, height: 260)
        let capture = try bench.space.write(try Bench.encode(scene), to: "large.png")
        func normalize(_ more: String...) throws -> Subprocess.Result {
            try Subprocess.run(
                Subprocess.nctd,
                ["normalize", capture, "--reference", bench.reference, "--no-cache", "--tile-pixels", "65536"] + more,
                in: bench.space.path, environment: Bench.environment)
        }
        let done = try normalize("--output", "out")
        #expect(done.status == 0, "\(done.error)")
        let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/large.png.json"))))
        #expect(sidecar.parameters.values["tile_pixels"] == .integer(65536))
        #expect(sidecar.quality.treatment == .transferred)

        let refused = try normalize("--output", "none", "--stages", "why")
        #expect(refused.status == 1)
        #expect(refused.error.contains("large.png") && refused.error.contains("set tile_pixels to 83200"))
        #expect(bench.space.files(in: "none").isEmpty && bench.space.files(in: "why").isEmpty)
    }
}
