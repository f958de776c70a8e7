import Foundation
import ImageFiles
import Jobs
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// Captures that show no smear are no failures: they are done, harmlessly, and said to be bad.
@Suite struct UnusableCaptureTests {
    private func sidecar(_ bench: Bench, _ name: String) throws -> Sidecar {
        try Sidecar(json: [UInt8](try #require(bench.space.read(name + ".json"))))
    }

    private func violations(_ bench: Bench, _ name: String) throws -> [String] {
        let docs = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let schema = try JSONSchema(json: Data(contentsOf: docs.appendingPathComponent("docs/sidecar.schema.json")))
        return try schema.violations(of: try #require(bench.space.read(name + ".json")))
    }

    @Test("A blank capture is shifted to the references' background and said to be bad, without an error")
    func blank() throws {
        let bench = try Bench()
        let fields = [
            "empty.png": SmearPhantom.blankField(seed: 1, width: 96, height: 72),
            "white.png": RGBImage(width: 96, height: 72, filledWith: (1, 1, 1)),
        ]
        let captures = try fields.map { try bench.space.write(try Bench.encode($0.value), to: $0.key) }
        let result = try bench.normalize(captures + [try bench.capture("good.png")], "--stages", "why")
        #expect(result.status == 0 && result.output.contains("blank"), "\(result.output)\(result.error)")
        for name in ["empty.png", "white.png"] {
            let sidecar = try sidecar(bench, "out/" + name)
            #expect(sidecar.verdict.value == .bad && sidecar.verdict.findings.map(\.kind) == ["blank_field"])
            #expect(sidecar.quality.treatment == .shifted && sidecar.referenceChoice.reason.contains("none was needed"))
            #expect(try violations(bench, "out/" + name) == [])
        }
        #expect(try sidecar(bench, "out/good.png").quality.treatment == .transferred)
        // A capture without stages has its contact sheet all the same.
        #expect(bench.space.files(in: "why/empty") == ["contact-sheet.png"])
        #expect(bench.space.files(in: "why/good").count > 5)
    }

    @Test("A page of text comes back unchanged, bad, and is held back where the profile says so")
    func text() throws {
        let bench = try Bench()
        let page = try Bench.encode(NotASmear.text.image(seed: 2, width: 160, height: 120))
        let capture = try bench.space.write(page, to: "page.png")
        try bench.space.write("references = [\"reference.png\"]\nbelow_threshold = \"hold\"\n", to: "lab.toml")
        let result = try bench.nctd(
            "normalize", capture, "--profile", "lab.toml", "--output", "out", "--layer", "1", "--no-cache")
        #expect(result.status == 0, "\(result.error)")
        #expect(bench.space.files(in: "out.held") == ["page.png", "page.png.json"])
        let sidecar = try sidecar(bench, "out.held/page.png")
        #expect(sidecar.verdict.value == .bad && sidecar.verdict.findings.map(\.kind) == ["not_a_smear"])
        #expect(sidecar.quality.treatment == .unchanged && sidecar.verdict.delivery == .held)
        let held = try ImageReader.read(path: bench.space("out.held/page.png")).image
        #expect(held == (try ImageReader.read(path: capture).image))
        #expect(try violations(bench, "out.held/page.png") == [])
    }

    @Test("A reference that shows an empty field, noise and all, is refused by name")
    func blankReference() throws {
        let bench = try Bench()
        let empty = try bench.space.write(
            try Bench.encode(SmearPhantom.blankField(seed: 3, stain: .labA, width: 160, height: 120)), to: "empty.png")
        let result = try bench.nctd(
            "normalize", try bench.capture("c.png"), "--reference", bench.reference, "--reference", empty, "--output",
            "out", "--layer", "1", "--no-cache")
        #expect(result.status == 2 && result.output.isEmpty)
        #expect(result.error.contains("empty.png: cannot serve as a reference: the image is blank"), "\(result.error)")
        #expect(bench.space.files(in: "out").isEmpty)
    }
}
