import Foundation
import ImageFiles
import Jobs
import NCTEngine
import TestSupport
import Testing

@Suite struct NormalizeCommandTests {
    @Test("A capture becomes an image and a sidecar, and nothing else is written")
    func oneCapture() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        let before = bench.space.read("capture.png")
        let result = try bench.normalize([capture])
        #expect(result.status == 0, "\(result.error)")
        #expect(bench.space.files() == ["capture.png", "out/capture.png", "out/capture.png.json", "reference.png"])
        #expect(bench.space.read("capture.png") == before)
        #expect(result.output.contains("[1/1] "))
        #expect(result.output.contains("1 capture: "))
        let image = try ImageReader.read(path: bench.space("out/capture.png"))
        #expect(image.image.width == 96 && image.image.height == 72)
    }

    @Test("The sidecar says where the result came from, with digests that hold")
    func sidecar() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        _ = try bench.normalize([capture], "--seed", "42", "--components", "12")
        let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/capture.png.json"))))
        let output = try #require(bench.space.read("out/capture.png"))
        #expect(sidecar.source.sha256 == FileDigest.sha256(try #require(bench.space.read("capture.png"))))
        #expect(sidecar.output.sha256 == FileDigest.sha256(output) && sidecar.output.bytes == output.count)
        #expect(sidecar.references.map(\.sha256) == [try FileDigest.sha256(path: bench.reference)])
        #expect(sidecar.profile == nil && sidecar.method == "color-transfer")
        #expect(
            sidecar.seed == 42 && sidecar.parameters.values["components"] == .integer(12)
                && sidecar.parameters.values["levels"] == .levels([1]))
        #expect(sidecar.features?.extractor == "smearnet" && sidecar.features?.weights == nil)
        #expect(sidecar.source.width == 96 && sidecar.source.height == 72 && sidecar.source.format == "png")
        #expect(sidecar.engineVersion == EngineVersion.current)
        #expect(Set(["decoding", "features", "search", "transfer", "encoding"]).isSubset(of: sidecar.timingsMs.keys))
    }

    @Test("Without weights the built-in network serves, and nothing is amiss")
    func smearnet() throws {
        let bench = try Bench()
        let result = try bench.normalize([try bench.capture("capture.png")])
        #expect(result.status == 0 && !result.error.contains("weights"), "\(result.error)")
    }

    @Test("The result does not depend on the number of threads")
    func threads() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        var results: [Data?] = []
        for threads in ["1", "2", "5"] {
            let run = try bench.normalize([capture], "--threads", threads, "--overwrite")
            #expect(run.status == 0)
            results.append(bench.space.read("out/capture.png"))
        }
        #expect(results[0] != nil && results.allSatisfy { $0 == results[0] })
    }

    @Test("A result that is there is left alone and reported; --overwrite replaces it")
    func overwrite() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        try bench.space.write("mine", to: "out/capture.png")
        let refused = try bench.normalize([capture])
        #expect(refused.status == 1)
        #expect(refused.error.contains("out/capture.png exists") && refused.error.contains("--overwrite"))
        #expect(bench.space.files(in: "out") == ["capture.png"])
        #expect(bench.space.read("out/capture.png") == Data("mine".utf8))
        let replaced = try bench.normalize([capture], "--overwrite")
        #expect(replaced.status == 0)
        #expect(bench.space.files(in: "out") == ["capture.png", "capture.png.json"])
        #expect(bench.space.read("out/capture.png") != Data("mine".utf8))
    }

    @Test("Directories are walked: subfolders kept, hidden and other files skipped, link loops and the output left out")
    func directories() throws {
        let bench = try Bench()
        for (index, name) in ["b.png", "a/deep/c.jpg", "a/D.TIFF", ".hidden.png", ".git/e.png", "notes.txt"]
            .enumerated()
        {
            let format: ImageFormat = name.hasSuffix("jpg") ? .jpeg : name.hasSuffix("TIFF") ? .tiff : .png
            try bench.capture("in/" + name, seed: UInt64(index), as: format)
        }
        let files = FileManager.default
        try files.createSymbolicLink(atPath: bench.space("in/a/loop"), withDestinationPath: bench.space("in"))
        try files.createSymbolicLink(atPath: bench.space("in/broken.png"), withDestinationPath: "nowhere")
        // The output lies inside the walked directory, and holds images already.
        try bench.capture("in/out/old.png")
        let result = try Subprocess.run(
            Subprocess.nctd,
            ["normalize", "in", "--reference", bench.reference, "--output", "in/out", "--layer", "1", "--no-cache"],
            in: bench.space.path, environment: Bench.environment)
        // The link into nothing is said, and counts.
        #expect(result.status == 1 && result.error.contains("broken.png: it is a symbolic link into nothing"))
        #expect(
            bench.space.files(in: "in/out") == [
                "a/D.png", "a/D.png.json", "a/deep/c.png", "a/deep/c.png.json", "b.png", "b.png.json", "old.png",
            ])
        #expect(result.output.contains("4 captures: ") && result.output.contains("1 failed, 1 left out"))
        #expect(result.error.contains("1 symbolic link is left out (in/a/loop: not followed)"), "\(result.error)")
        // By name, at every depth.
        let order = ["a/D.TIFF", "a/deep/c.jpg", "b.png"].compactMap { result.output.range(of: "in/" + $0)?.lowerBound }
        #expect(order.count == 3 && order == order.sorted())
    }

    @Test("--json prints one object with all results and a summary, and nothing else on standard output")
    func json() throws {
        let bench = try Bench()
        let good = try bench.capture("good.png")
        let broken = try bench.space.write("no image", to: "broken.png")
        let result = try bench.normalize([good, broken], "--json")
        #expect(result.status == 1)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
        let results = try #require(object["results"] as? [[String: Any]])
        #expect(results.count == 2)
        #expect(results[0]["output"] as? String == "out/good.png")
        #expect(results[0]["sidecar"] as? String == "out/good.png.json")
        #expect(results[1]["status"] as? String == "failed")
        let problem = try #require(results[1]["error"] as? [String: String])
        #expect(problem["cause"]?.isEmpty == false && problem["remedy"]?.isEmpty == false)
        let summary = try #require(object["summary"] as? [String: Any])
        #expect(summary["captures"] as? Int == 2 && summary["failed"] as? Int == 1)
        #expect((object["notices"] as? [String])?.isEmpty == true)
    }

    @Test("16-bit captures give 16-bit results where the format can, and the resolution is kept")
    func depth() throws {
        let bench = try Bench()
        let image = Bench.smear(seed: 4)
        let metadata = ImageMetadata(format: .png, resolution: ImageResolution(x: 4000, y: 4000))
        let file = ImageFile(image: image, metadata: metadata)
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .png, bitDepth: 16))
        let capture = try bench.space.write(bytes, to: "deep.png")
        for format in ["png", "tiff", "jpeg"] {
            #expect(try bench.normalize([capture], "--format", format).status == 0)
        }
        let png = try ImageReader.read(path: bench.space("out/deep.png"))
        #expect(png.metadata.bitDepth == 16)
        #expect(abs((png.metadata.resolution?.x ?? 0) - 4000) < 1)
        #expect(try ImageReader.read(path: bench.space("out/deep.tif")).metadata.bitDepth == 16)
        #expect(try ImageReader.read(path: bench.space("out/deep.jpg")).metadata.bitDepth == 8)
    }

    @Test("Options override the profile")
    func overrides() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        try bench.space.write(
            "references = [\"reference.png\"]\nlevels = [2]\ncluster_count = 7\nseed = 5\n", to: "lab.toml")
        let result = try bench.nctd(
            "normalize", capture, "--profile", "lab.toml", "--output", "out", "--layer", "1", "--seed", "6",
            "--no-cache")
        #expect(result.status == 0, "\(result.error)")
        let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out/capture.png.json"))))
        #expect(
            sidecar.parameters.values["levels"] == .levels([1])
                && sidecar.parameters.values["cluster_count"] == .integer(7) && sidecar.seed == 6)
        #expect(sidecar.profile?.name == "lab")
        #expect(sidecar.profile?.sha256 == (try FileDigest.sha256(path: bench.space("lab.toml"))))
    }

    @Test("--stages writes a picture a stage and a contact sheet, all of them images")
    func stages() throws {
        let bench = try Bench()
        let result = try bench.normalize(
            [try bench.capture("capture.png")], "--stages", "why", "--enhancement", "clustering")
        #expect(result.status == 0, "\(result.error)")
        let files = bench.space.files(in: "why/capture")
        for name in [
            "source", "features", "clusters", "field", "guidance", "confidence", "gain-L", "offset-b", "result",
        ] {
            #expect(files.contains { $0.hasSuffix("-\(name).png") }, "\(name) is missing from \(files)")
        }
        #expect(files.contains("contact-sheet.png"))
        for file in files { _ = try ImageReader.read(path: bench.space("why/capture/" + file)) }
        // By default the labels are classes.
        let classes = try bench.normalize([try bench.capture("other.png")], "--stages", "why")
        #expect(classes.status == 0, "\(classes.error)")
        #expect(bench.space.files(in: "why/other").contains { $0.hasSuffix("-classes.png") })
    }

    @Test("Prepared references are cached; a damaged cache is discarded with a warning and written anew")
    func cache() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        func run() throws -> Subprocess.Result {
            try bench.nctd(
                "normalize", capture, "--reference", bench.reference, "--output", "out", "--layer", "1", "--cache",
                "kept",
                "--overwrite")
        }
        #expect(try run().status == 0)
        let first = bench.space.read("out/capture.png")
        let file = try #require(bench.space.files(in: "kept").first)
        let whole = try #require(bench.space.read("kept/" + file))
        #expect(bench.space.files(in: "kept").count == 1)

        let second = try run()
        #expect(second.status == 0 && !second.error.contains("cache"))
        #expect(bench.space.read("out/capture.png") == first)

        var damaged = whole
        damaged[damaged.count / 2] ^= 0xFF
        try bench.space.write(damaged, to: "kept/" + file)
        let third = try run()
        #expect(third.status == 0)
        #expect(third.error.contains(file) && third.error.contains("damaged cache discarded"))
        #expect(bench.space.read("out/capture.png") == first)
        let fourth = try run()
        #expect(fourth.status == 0 && !fourth.error.contains("cache"))
    }

    @Test("A cache that cannot be written is a warning, not a failure")
    func cacheNotWritable() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        let result = try bench.nctd(
            "normalize", capture, "--reference", bench.reference, "--output", "out", "--layer", "1", "--cache",
            bench.reference + "/below")
        #expect(result.status == 0)
        #expect(result.error.contains("cache could not be written"))
    }

    @Test("A profile that holds back puts what falls short into a directory of its own, image and sidecar")
    func hold() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        try bench.space.write(
            """
            references = ["reference.png"]
            below_threshold = "hold"
            [thresholds]
            minimum_structural_similarity = 1
            minimum_confidence = 1
            """, to: "lab.toml")
        let result = try bench.nctd(
            "normalize", capture, "--profile", "lab.toml", "--output", "out", "--layer", "1", "--no-cache")
        #expect(result.status == 0, "\(result.error)")
        #expect(bench.space.files(in: "out.held") == ["capture.png", "capture.png.json"])
        #expect(result.output.contains("held back"))
        let sidecar = try Sidecar(json: [UInt8](try #require(bench.space.read("out.held/capture.png.json"))))
        #expect(sidecar.verdict.delivery == .held && sidecar.verdict.value != .good)
        #expect(sidecar.output.path.hasSuffix("/out.held/capture.png"))
    }

    @Test("An interrupt ends the run at once with code 130 and leaves only whole results")
    func interrupt() throws {
        let bench = try Bench()
        for index in 0..<60 { try bench.capture("in/\(index).png", seed: UInt64(index)) }
        let result = try Subprocess.run(
            Subprocess.nctd,
            ["normalize", "in", "--reference", bench.reference, "--output", "out", "--layer", "1", "--no-cache"],
            in: bench.space.path, environment: Bench.environment
        ) { text, process in
            if text.contains("[1/60]") || text.contains("[ 1/60]") { process.interrupt() }
        }
        #expect(result.status == 130, "\(result.error)")
        #expect(result.error.contains("interrupted"))
        let files = bench.space.files(in: "out")
        #expect(!files.contains { $0.hasPrefix(".") }, "\(files)")
        let images = files.filter { $0.hasSuffix(".png") }
        #expect(!images.isEmpty && images.count < 60)
        for image in images { #expect(files.contains(image + ".json")) }
    }

    @Test(
        "Standard output that cannot be written is an error",
        .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullOutput() throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.png")
        let result = try Subprocess.run(
            "/bin/sh",
            [
                "-c", "\"$0\" normalize \"$1\" --reference \"$2\" --output out --layer 1 --no-cache --json > /dev/full",
                Subprocess.nctd, capture, bench.reference,
            ], in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 1)
        #expect(result.error.contains("standard output"))
    }
}
