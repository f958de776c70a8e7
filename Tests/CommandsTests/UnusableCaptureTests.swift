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

    @Test("A lab of red cells holds none of its fields back; one that wants white cells holds them all")
    func redCells() throws {
        let bench = try Bench()
        let reference = SmearScene(seed: 41, width: 320, height: 240).render(in: .labA, noiseSeed: 41)
        try bench.space.write(try Bench.encode(reference), to: "wide.png")
        for seed in 1...4 {
            let field = SmearPhantom.fieldWithoutWhiteCells(seed: UInt64(seed), stain: .labB, width: 320, height: 240)
            try bench.space.write(try Bench.encode(field), to: "in/\(seed).png")
        }
        func run(_ verdict: String, to output: String) throws -> Subprocess.Result {
            try bench.space.write(
                "references = [\"wide.png\"]\nbelow_threshold = \"hold\"\n[verdict]\n\(verdict)\n", to: "lab.toml")
            return try bench.nctd(
                "normalize", "in", "--profile", "lab.toml", "--output", output, "--layer", "1", "--no-cache")
        }
        let red = try run("fields = \"red-cells\"\nclipped = \"note\"", to: "red")
        #expect(red.status == 0, "\(red.error)")
        #expect(bench.space.files(in: "red").count { $0.hasSuffix(".png") } == 4, "\(red.output)")
        #expect(bench.space.files(in: "red.held") == [])
        let rules = try #require(try sidecar(bench, "red/1.png").verdict.rules)
        #expect(rules.fields == .redCells && rules.effects["no_white_cells"] == .ignore)
        #expect(rules.effects["clipped"] == .note && rules.effects["nucleus_color"] == .note)
        #expect(try violations(bench, "red/1.png") == [])
        let white = try run("fields = \"white-cells\"", to: "white")
        #expect(white.status == 0 && bench.space.files(in: "white.held").count { $0.hasSuffix(".png") } == 4)
        let held = try sidecar(bench, "white.held/1.png")
        #expect(held.verdict.findings.map(\.kind).contains("no_white_cells") && held.verdict.delivery == .held)
        // Noted, it holds nothing back, and is said.
        let noted = try run("fields = \"white-cells\"\nno_white_cells = \"note\"", to: "noted")
        #expect(noted.status == 0 && bench.space.files(in: "noted.held") == [], "\(noted.output)")
        #expect(try sidecar(bench, "noted/1.png").verdict.notes?.map(\.kind) == ["no_white_cells"])
        #expect(try violations(bench, "noted/1.png") == [])
        #expect(try sidecar(bench, "noted/1.png").output.sha256 == sidecar(bench, "red/1.png").output.sha256)
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
