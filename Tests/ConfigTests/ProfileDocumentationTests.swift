import Config
import Foundation
import NCTEngine
import TestSupport
import Testing

@Suite struct ProfileDocumentationTests {
    /// The profile that `docs/profile.md` shows.
    private func documented() throws -> String {
        let file = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("docs/profile.md")
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```")
        return String(try #require(parts.first { $0.hasPrefix("toml\n") }).dropFirst("toml\n".count))
    }

    @Test("The documented profile is valid, and the values that it shows are the defaults")
    func defaults() throws {
        let space = try Workspace()
        try space.write("", to: "lab-a-1.png")
        let profile = try Profile.read(path: try space.write(try documented(), to: "lab-a.toml"))
        #expect(profile.name == "lab-a")
        #expect(profile.parameters == NormalizationParameters())
        #expect(profile.baselineParameters == BaselineParameters())
        #expect(profile.thresholds == QualityThresholds())
        #expect(profile.belowThreshold == .flag && profile.method == .colorTransfer)
        #expect(profile.flatField == .automatic)
        #expect(profile.learnAfter == Profile.defaultLearnAfter && profile.learnAfter == 25)
    }

    @Test("Every parameter and threshold of the engine is documented")
    func complete() throws {
        let text = try documented()
        #expect(QualityReport.Finding.Kind.allCases.allSatisfy { text.contains("\n\($0.name) = ") })
        let keys = text.split(separator: "\n").filter { !$0.hasPrefix("#") && $0.contains(" = ") }.count
        let parameters = NormalizationParameters.declarations.count + BaselineParameters.declarations.count
        // The rules have a table of their own: every finding, and the preset.
        let thresholds = Mirror(reflecting: QualityThresholds()).children.count - 1
        let findings = QualityReport.Finding.Kind.allCases.count + 1
        // Besides them: name, references, method, features, flat_field, below_threshold, learn_after, seed.
        #expect(keys == parameters + thresholds + findings + 8)
    }
}
