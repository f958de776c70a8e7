import Foundation
import TestSupport
import Testing

@Suite struct SidecarSchemaTests {
    static let docs = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("docs")

    private func schema() throws -> JSONSchema {
        try JSONSchema(json: Data(contentsOf: Self.docs.appendingPathComponent("sidecar.schema.json")))
    }

    @Test(
        "Real sidecars follow the published schema, whatever the settings",
        arguments: [
            ["--layer", "1"], ["--layer", "1,2", "--enhancement", "clustering"], ["--standardization", "plain"],
            ["--reference-use", "best", "--layer", "2"],
            ["--solver", "graph-cut", "--solver-labels", "16"],
            ["--layer", "1", "--format", "tiff"], ["--progressive"], ["--method", "color-balance"],
            ["--method", "reinhard"], ["--method", "macenko"], ["--method", "vahadane"],
            ["--method", "histogram-matching"],
        ])
    func realSidecars(options: [String]) throws {
        let bench = try Bench()
        let capture = try bench.capture("capture.jpg", as: .jpeg)
        let second = try bench.space.write(try Bench.encode(Bench.smear(seed: 901, stain: .labA)), to: "second.png")
        let result = try Subprocess.run(
            Subprocess.nctd,
            ["normalize", capture, "--reference", bench.reference, second, "--output", "out", "--no-cache"] + options,
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 0, "\(result.error)")
        let name = try #require(bench.space.files(in: "out").first { $0.hasSuffix(".json") })
        #expect(try schema().violations(of: try #require(bench.space.read("out/" + name))) == [])
    }

    @Test("The example in the documentation follows the schema")
    func example() throws {
        let text = try String(contentsOf: Self.docs.appendingPathComponent("sidecar.md"), encoding: .utf8)
        let parts = text.components(separatedBy: "```json\n")
        #expect(parts.count == 2)
        let json = try #require(parts.last?.components(separatedBy: "\n```").first)
        #expect(try schema().violations(of: Data(json.utf8)) == [])
    }

    @Test("A sidecar without a required key, or with one too many, is caught")
    func violations() throws {
        let bench = try Bench()
        _ = try bench.normalize([try bench.capture("capture.png")])
        let data = try #require(bench.space.read("out/capture.png.json"))
        let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        for key in whole.keys where !["profile", "palettes", "transfer", "identity"].contains(key) {
            var less = whole
            less[key] = nil
            #expect(try !schema().violations(of: JSONSerialization.data(withJSONObject: less)).isEmpty, "\(key)")
        }
        var more = whole
        more["surprise"] = 1
        #expect(try !schema().violations(of: JSONSerialization.data(withJSONObject: more)).isEmpty)
    }
}
