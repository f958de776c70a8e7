import Config
import Foundation
import NCTEngine
import TestSupport
import Testing

/// What a profile reads, and what the pages say of it, against the parameters' declarations.
///
/// With `NCTD_WRITE_PAGES` in the environment the pages are written anew in place of being compared (`make manual`).
@Suite struct ParameterPagesTests {
    /// Holds what stands on a page between marks, the last of which ends it, to a text.
    private func hold(_ page: String, _ marks: [String], end: String, _ expected: String) throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/\(page)").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        var start = text.startIndex
        for mark in marks { start = try #require(text.range(of: mark, range: start..<text.endIndex)).upperBound }
        let part = start..<(try #require(text.range(of: end, range: start..<text.endIndex)).lowerBound)
        if ProcessInfo.processInfo.environment["NCTD_WRITE_PAGES"] != nil {
            try text.replacingCharacters(in: part, with: expected).write(to: file, atomically: true, encoding: .utf8)
        } else {
            #expect(text[part] == expected, "docs/\(page): run make manual")
        }
    }

    /// A value as TOML and JSON have it.
    private func literal(_ value: ParameterValue) -> String {
        switch value {
        case .word(let word): "\"\(word)\""
        case .levels(let list): "\(list)"
        case .flag, .integer, .number: value.text
        }
    }

    /// Comment lines of at most 119 columns.
    private func comment(_ text: String) -> String {
        var lines = ["#"]
        for word in text.split(whereSeparator: \.isWhitespace) {
            if lines[lines.count - 1].count + 1 + word.count > 119 { lines.append("#") }
            lines[lines.count - 1] += " " + word
        }
        return lines.joined(separator: "\n")
    }

    private func settings<Owner: DeclaredParameters>(_ type: Owner.Type) -> String {
        Owner.declarations.map {
            "\(comment("\($0.help) \($0.details)"))\n\($0.key) = \(literal($0.get(Owner())))\n"
        }.joined()
    }

    @Test("docs/profile.md has every parameter with its range, its default and what it is")
    func profile() throws {
        try hold(
            "profile.md", ["\nmethod = \"color-transfer\"\n\n"], end: "# Seed of everything random",
            settings(NormalizationParameters.self) + settings(BaselineParameters.self))
    }

    private func schema<Owner: DeclaredParameters>(_ type: Owner.Type) -> String {
        Owner.declarations.map { declaration in
            let values =
                switch declaration.kind {
                case .flag: #""type": "boolean""#
                case .integer(let range):
                    #""type": "integer", "minimum": \#(range.lowerBound), "maximum": \#(range.upperBound)"#
                case .number(let range):
                    #""type": "number", "minimum": \#(literal(.number(Float(range.lowerBound)))), "#
                        + #""maximum": \#(literal(.number(Float(range.upperBound))))"#
                case .word(let words): #""enum": \#(words)"#
                case .levels(let range):
                    #""type": "array", "maxItems": \#(range.count), "items": { "type": "integer", "#
                        + #""minimum": \#(range.lowerBound), "maximum": \#(range.upperBound) }"#
                }
            let text = [declaration.help, declaration.details].filter { !$0.isEmpty }.joined(separator: " ")
            return #"        "\#(declaration.key)": { "description": "\#(text)", \#(values) }"#
        }.joined(separator: ",\n") + "\n"
    }

    @Test("docs/sidecar.schema.json has every parameter with its range", .serialized, arguments: [true, false])
    func schema(isBaseline: Bool) throws {
        try hold(
            "sidecar.schema.json",
            [isBaseline ? "\"baseline_parameters\": {" : "\"transfer_parameters\": {", "\"properties\": {\n"],
            end: "      }\n", isBaseline ? schema(BaselineParameters.self) : schema(NormalizationParameters.self))
    }

    @Test("The example in docs/sidecar.md has every parameter of color transfer with its default")
    func example() throws {
        let lines = NormalizationParameters.declarations.map { ($0.key, literal($0.get(NormalizationParameters()))) }
            .sorted { $0.0 < $1.0 }.map { "    \"\($0)\": \($1)" }
        try hold("sidecar.md", ["\n  \"parameters\": {\n"], end: "\n  },", lines.joined(separator: ",\n"))
    }

    private func others<Owner: DeclaredParameters>(_ type: Owner.Type) -> (text: String, value: Owner) {
        var value = Owner()
        // All levels one after the other, and some of them at once: one or the other.
        let declarations = Owner.declarations.filter { $0.key != "progressive" }
        for declaration in declarations { declaration.set(&value, declaration.otherValue) }
        return (declarations.map { "\($0.key) = \(literal($0.otherValue))\n" }.joined(), value)
    }

    @Test("A profile reads every parameter that is declared")
    func reading() throws {
        let space = try Workspace()
        try space.write("", to: "one.png")
        let (transfer, baseline) = (others(NormalizationParameters.self), others(BaselineParameters.self))
        let text = "references = [\"one.png\"]\n" + transfer.text + baseline.text
        let profile = try Profile.read(path: try space.write(text, to: "lab.toml"))
        #expect(profile.parameters == transfer.value && profile.baselineParameters == baseline.value)
        let progressive = try Profile.read(
            path: try space.write("references = [\"one.png\"]\nprogressive = true\n", to: "lab.toml"))
        #expect(progressive.parameters.levels == .progressive)
    }
}
