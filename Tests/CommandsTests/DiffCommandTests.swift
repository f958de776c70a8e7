import Foundation
import TestSupport
import Testing

/// `nctd diff`: each thing that two profiles can differ in, and what it is said to mean.
@Suite(.timeLimit(.minutes(15))) struct DiffCommandTests {
    private let bench: Bench

    init() throws {
        bench = try Bench()
        try bench.space.write(try Bench.encode(Bench.smear(seed: 901, stain: .labA)), to: "other.png")
        try bench.space.write(try Bench.encode(Bench.smear(seed: 902, stain: .labB)), to: "far.png")
        try FileManager.default.copyItem(atPath: bench.reference, toPath: bench.space("copy.png"))
    }

    private func profile(_ name: String, _ references: String = "\"reference.png\"", _ text: String = "") throws
        -> String
    {
        try bench.space.write("name = \"lab\"\nreferences = [\(references)]\n\(text)", to: name)
    }

    private struct Told {
        var status: Int32
        var effects: [String]
        var settings: [String: [String?]]
        var object: [String: Any]
        var text: String
    }

    private func diff(_ first: String, _ second: String) throws -> Told {
        let text = try bench.nctd("diff", first, second)
        let json = try bench.nctd("diff", first, second, "--json")
        #expect(text.status == json.status, "\(text.error)\(json.error)")
        let object = try #require(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let difference = try #require(object["difference"] as? [String: Any])
        let settings = try #require(difference["settings"] as? [[String: Any]])
        return Told(
            status: text.status, effects: difference["effects"] as? [String] ?? [],
            settings: Dictionary(
                uniqueKeysWithValues: settings.map {
                    ($0["key"] as? String ?? "", [$0["first"] as? String, $0["second"] as? String])
                }), object: difference, text: text.output)
    }

    @Test("Files that say the same, by defaults, comments and copies of references, end with 0")
    func same() throws {
        let first = try profile("first.toml")
        #expect(try diff(first, first).effects == [])
        for (references, text) in [
            ("\"reference.png\"", "# a comment\n"), ("\"reference.png\"", "levels = [1]\nseed = 1\n"),
            ("\"copy.png\"", ""), ("\"reference.png\"", "sparsity = 0.7 # of another method\n"),
        ] {
            let told = try diff(first, try profile("second.toml", references, text))
            #expect(told.status == 0 && told.effects == ["nothing"] && told.settings.isEmpty, "\(told)")
        }
    }

    @Test(
        "Each kind of setting is told with both values and what it changes",
        arguments: [
            ("levels = [2]", "levels", "[1]", "[2]", "pixels"),
            ("lambda_nonlocal = 0.25", "lambda_nonlocal", "0.4", "0.25", "pixels"),
            ("solver = \"graph-cut\"", "solver", "\"least-squares\"", "\"graph-cut\"", "pixels"),
            ("seed = 7", "seed", "1", "7", "pixels"), ("align = false", "align", "true", "false", "pixels"),
            ("flat_field = \"none\"", "flat_field", "\"auto\"", "\"none\"", "pixels"),
            ("below_threshold = \"hold\"", "below_threshold", "\"flag\"", "\"hold\"", "delivery"),
            ("learn_after = 0", "learn_after", "25", "0", "learning"),
            ("sample_bits = 12", "sample_bits", nil, "12", "reading"),
            ("page = 2", "page", nil, "2", "reading"),
            ("[thresholds]\nminimum_confidence = 0.5", "minimum_confidence", "0.75", "0.5", "verdicts"),
            ("[verdict]\nclipped = \"note\"", "verdict.clipped", "\"measured\"", "\"note\"", "verdicts"),
        ] as [(String, String, String?, String?, String)])
    func setting(line: String, key: String, first: String?, second: String?, effect: String) throws {
        let told = try diff(try profile("first.toml"), try profile("second.toml", "\"reference.png\"", line))
        #expect(told.status == 1)
        #expect(told.settings[key] == [first, second] && told.settings.count == 1, "\(told.settings)")
        #expect(told.effects == [effect], "\(told.effects)")
        #expect(told.text.contains("  \(key)  \(first ?? "left out") -> \(second ?? "left out")"), "\(told.text)")
    }

    @Test("Other references are named, and how far what they show lies apart; another order is told as such")
    func references() throws {
        let first = try profile("first.toml", "\"reference.png\", \"other.png\"")
        let told = try diff(first, try profile("second.toml", "\"copy.png\", \"far.png\""))
        #expect(told.status == 1 && told.effects == ["pixels"])
        let references = try #require(told.object["references"] as? [String: Any])
        #expect((references["only_in_first"] as? [String])?.map { ($0 as NSString).lastPathComponent } == ["other.png"])
        #expect((references["only_in_second"] as? [String])?.map { ($0 as NSString).lastPathComponent } == ["far.png"])
        let palettes = try #require(told.object["palettes"] as? [String: Any])
        let distances = try #require(palettes["distances"] as? [[String: Any]])
        #expect(distances.contains { $0["part"] as? String == "background" }, "\(distances)")
        let turned = try diff(first, try profile("second.toml", "\"other.png\", \"reference.png\""))
        let order = try #require(turned.object["references"] as? [String: Any])
        #expect(turned.status == 1 && order["are_reordered"] as? Bool == true && turned.effects == ["pixels"])
    }

    @Test("What cannot be compared is an error that says what there is")
    func errors() throws {
        let first = try profile("first.toml")
        for (second, words) in [
            ("nothing.toml", ["nothing.toml"]), ("lab-x", ["lab-x", "--config"]),
            (try bench.space.write("references = [", to: "broken.toml"), ["broken.toml"]),
        ] {
            let result = try bench.nctd("diff", first, second)
            #expect(result.status == 2 && result.output.isEmpty)
            for word in words { #expect(result.error.contains(word), "\(result.error)") }
        }
    }
}
