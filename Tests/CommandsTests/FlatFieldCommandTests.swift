import Foundation
import Jobs
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite struct FlatFieldCommandTests {
    private static let light = SyntheticLight.twenty[13]

    /// Captures of 96 × 72 pixels in a folder `in`, in uneven light or as they are.
    private static func captures(_ bench: Bench, count: Int, shaded: Bool = true) throws {
        for index in 0..<count {
            let scene = SmearScene(
                seed: UInt64(index) + 30, width: 96, height: 72, options: SceneOptions(redCellDensity: 0.3))
            let image = scene.render(in: .labA, noiseSeed: UInt64(index))
            let name = "in/\(index + 10).png"
            try bench.space.write(try Bench.encode(shaded ? light.laid(over: image) : image), to: name)
        }
    }

    private static func sidecar(_ bench: Bench, _ name: String) throws -> Sidecar {
        try Sidecar(json: [UInt8](try #require(bench.space.read(name + ".json"))))
    }

    private struct Report: Decodable {
        var captures: Int
        var ratio: [Float]
        var isUneven: Bool
        var leftOut: Int
        var sha256: String
    }

    private static func report(_ text: String) throws -> Report {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Report.self, from: Data(text.utf8))
    }

    @Test("profile flat-field learns the light, writes its file and picture, and says its figures")
    func learn() throws {
        let bench = try Bench()
        try Self.captures(bench, count: 12)
        try bench.capture("in/other.png")
        try bench.space.write(try Bench.encode(Bench.smear(seed: 3, width: 96, height: 96)), to: "in/square.png")
        let result = try bench.nctd(
            "profile", "flat-field", bench.space("in"), "--output", "light/scope.json", "--picture", "light.png",
            "--json")
        #expect(result.status == 0, "\(result.error)")
        let report = try Self.report(result.output)
        #expect(report.captures == 13 && report.leftOut == 1 && report.isUneven && report.ratio.max() ?? 0 > 1.8)
        #expect(report.sha256 == FileDigest.sha256(try #require(bench.space.read("light/scope.json"))))
        #expect(bench.space.read("light.png") != nil)
        let again = try bench.nctd("profile", "flat-field", bench.space("in"), "--output", "light/scope.json")
        #expect(again.status == 2 && again.error.contains("--overwrite"))
    }

    @Test("Twenty captures in uneven light are corrected by what is learned from them; its file gives the same bytes")
    func learned() throws {
        let bench = try Bench()
        try Self.captures(bench, count: 20)
        // Without the lab's palette, which is learned from all captures of a run as well.
        let run = try bench.normalize([bench.space("in")], "--no-align")
        #expect(run.status == 0 && run.error.contains("uneven light"), "\(run.error)")
        let name = try #require(bench.space.files(in: "out").first { $0.hasPrefix("flat-field-") })
        let light = try #require(try Self.sidecar(bench, "out/10.png").flatField)
        #expect(light.source == .learned && light.applied && light.captures == 20)
        #expect(light.path?.hasSuffix("out/" + name) == true)
        #expect(light.sha256 == FileDigest.sha256(try #require(bench.space.read("out/" + name))))
        let alone = try bench.normalize(
            [bench.space("in/10.png")], "--no-align", "--output", "again", "--flat-field", bench.space("out/" + name))
        #expect(alone.status == 0, "\(alone.error)")
        #expect(bench.space.read("again/10.png") == bench.space.read("out/10.png"))
        #expect(try Self.sidecar(bench, "again/10.png").flatField?.source == .file)
        let schema = try JSONSchema(
            json: Data(contentsOf: SidecarSchemaTests.docs.appendingPathComponent("sidecar.schema.json")))
        #expect(try schema.violations(of: try #require(bench.space.read("out/10.png.json"))) == [])
        #expect(try schema.violations(of: try #require(bench.space.read("again/10.png.json"))) == [])
    }

    @Test("In even light nothing is done: the same bytes as without, and no file")
    func even() throws {
        let bench = try Bench()
        try Self.captures(bench, count: 20, shaded: false)
        let learned = try bench.normalize([bench.space("in")])
        #expect(learned.status == 0, "\(learned.error)")
        #expect(!bench.space.files(in: "out").contains { $0.hasPrefix("flat-field-") })
        _ = try bench.normalize([bench.space("in")], "--output", "none", "--flat-field", "none")
        for name in ["10.png", "17.png", "29.png"] {
            #expect(bench.space.read("out/" + name) == bench.space.read("none/" + name), "\(name)")
        }
        #expect(try Self.sidecar(bench, "out/10.png").flatField?.applied == false)
        #expect(try Self.sidecar(bench, "none/10.png").flatField == nil)
    }

    @Test("A profile names the picture of an empty field; check says what it holds, the stages show it")
    func blank() throws {
        let bench = try Bench()
        try Self.captures(bench, count: 1)
        let blank = SmearPhantom.blankField(seed: 4, stain: .labA, width: 96, height: 72)
        try bench.space.write(try Bench.encode(Self.light.laid(over: blank)), to: "blank.png")
        try bench.space.write(
            "references = [\"reference.png\"]\nflat_field = \"blank.png\"\nfeatures = \"smearnet\"\n", to: "lab.toml")
        let check = try bench.nctd("profile", "check", "lab.toml", "--picture", "light.png")
        #expect(check.status == 0 && check.output.contains("blank.png  red "), "\(check.output) \(check.error)")
        #expect(bench.space.read("light.png") != nil)
        let again = try bench.nctd("profile", "check", "lab.toml", "--picture", "light.png", "--overwrite")
        #expect(again.status == 0, "\(again.error)")
        let run = try bench.nctd(
            "normalize", bench.space("in"), "--profile", "lab.toml", "--output", "out", "--no-cache", "--stages", "why")
        #expect(run.status == 0, "\(run.error)")
        #expect(try Self.sidecar(bench, "out/10.png").flatField?.source == .blank)
        let pictures = bench.space.files(in: "why/10")
        #expect(pictures.contains("02-light.png") && pictures.contains("03-corrected.png"), "\(pictures)")
    }

    @Test("A damaged light, a picture that is none of an empty field, and other proportions are errors that say so")
    func refused() throws {
        let bench = try Bench()
        try Self.captures(bench, count: 12)
        _ = try bench.nctd("profile", "flat-field", bench.space("in"), "--output", "scope.json")
        let whole = try #require(bench.space.read("scope.json"))
        try bench.space.write([UInt8](whole.prefix(whole.count / 2)), to: "half.json")
        try bench.space.write("{\"format\": \"poem\"}", to: "poem.json")
        try bench.space.write("", to: "empty.json")
        let capture = bench.space("in/10.png")
        let refused = [
            ("half.json", "damaged"), ("poem.json", "missing"), ("empty.json", "neither"),
            ("none.json", "no such file"),
            (bench.reference, "no picture of an empty field"),
        ]
        for (file, reason) in refused {
            let path = file.hasPrefix("/") ? file : bench.space(file)
            let run = try bench.normalize([capture], "--flat-field", path)
            #expect(run.status == 2 && run.error.contains(reason), "\(file): \(run.error)")
        }
        let square = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 3, width: 96, height: 96)), to: "square.png")
        let run = try bench.normalize([square], "--flat-field", bench.space("scope.json"))
        #expect(run.status == 1 && run.error.contains("proportions"), "\(run.error)")
        #expect(bench.space.files(in: "out") == [])
        // From captures without any background nothing is learned, and nothing done.
        let tiny = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 3, width: 40, height: 30)), to: "tiny.png")
        let nothing = try bench.nctd("profile", "flat-field", tiny, "--output", "tiny.json")
        #expect(nothing.status == 2 && nothing.error.contains("no background"), "\(nothing.error)")
    }

    @Test("A capture alone is corrected by its own background where its light is clearly uneven")
    func alone() throws {
        let bench = try Bench()
        let scene = SmearScene(seed: 77, width: 200, height: 150, options: SceneOptions(redCellDensity: 0.2))
        let image = scene.render(in: .labA, noiseSeed: 7)
        let shaded = try bench.space.write(
            try Bench.encode(SyntheticLight.twenty[9].laid(over: image)), to: "shaded.png")
        let plain = try bench.space.write(try Bench.encode(image), to: "plain.png")
        let run = try bench.normalize([shaded, plain])
        #expect(run.status == 0, "\(run.error)")
        let light = try #require(try Self.sidecar(bench, "out/shaded.png").flatField)
        #expect(light.source == .capture && light.applied && light.captures == 1 && light.path == nil)
        #expect(try Self.sidecar(bench, "out/plain.png").flatField == nil)
    }
}

@Suite struct FramedLightTests {
    @Test("The light of a framed capture is that of its field, and the frame stays as it is")
    func frame() throws {
        let workers = Workers(threads: 2)
        let (width, height) = (400, 300)
        let scene = SmearScene(seed: 5, width: width, height: height, options: SceneOptions(redCellDensity: 0.3))
        let field = SyntheticLight.twenty[13].laid(over: scene.render(in: .labA, noiseSeed: 5))
        let plain = try LightCorrection.capture.corrected(field, workers: workers)
        #expect(plain.field != nil, "the light is uneven enough to be seen")
        func framed(_ image: RGBImage) -> RGBImage {
            var framed = RGBImage(width: width + 60, height: height + 20, filledWith: (0, 0, 0))
            for y in 0..<height {
                let (from, to) = (3 * y * width, 3 * ((y + 10) * (width + 60) + 30))
                framed.samples.replaceSubrange(to..<to + 3 * width, with: image.samples[from..<from + 3 * width])
            }
            return framed
        }
        let corrected = try LightCorrection.capture.corrected(framed(field), workers: workers)
        #expect(corrected.image == framed(plain.image))
        #expect(corrected.record == plain.record)
    }
}
