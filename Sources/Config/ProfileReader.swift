import Foundation
import NCTEngine

extension Profile {
    /// Reads a profile from a TOML file.
    ///
    /// Throws ``ConfigurationError`` with all problems at once: syntax, unknown keys, wrong types, values out of
    /// range, missing keys, and files that it names and that are not there.
    public static func read(path: String) throws -> Profile {
        let text = try ConfigurationText.read(
            path: path, what: "profile", missing: "check the name, or make one with `nctd profile suggest`")
        return try read(text: text, path: path)
    }

    /// Reads a profile from its text; relative names in it belong to the folder of `path`.
    public static func read(text: String, path: String) throws -> Profile {
        let log = ProblemLog(file: path, text: text)
        var reader = TableReader(try ProblemLog.parse(text, file: path), log: log)
        // Foundation traps on taking the last component off a name of one letter.
        let folder = path.contains("/") ? (path as NSString).deletingLastPathComponent : ""
        let stem = ((path as NSString).lastPathComponent as NSString).deletingPathExtension

        var profile = Profile(name: stem, path: path, text: text, references: [])
        if let name = reader.string("name") {
            profile.name = name
            if name.trimmingCharacters(in: .whitespaces).isEmpty {
                reader.report(["name"], "is empty", remedy: "give the profile a name, such as \"\(stem)\"")
            } else if PrintableName.text(name) != name {
                reader.report(
                    ["name"], "has characters that cannot be shown (\(PrintableName.text(name)))",
                    remedy: "leave control characters and line ends out of it")
            }
        }
        profile.readFiles(from: &reader, folder: folder)
        profile.method = reader.choice("method", Method.self) ?? .colorTransfer
        profile.belowThreshold = reader.choice("below_threshold", BelowThreshold.self) ?? .flag
        profile.learnAfter = reader.integer("learn_after", in: 0...100_000) ?? profile.learnAfter
        profile.sampleBits = reader.integer("sample_bits", in: 8...16)
        profile.pages = reader.choice("pages", Pages.self)
        profile.page = reader.integer("page", in: 1...100_000)
        if profile.page != nil, reader.contains("pages") {
            reader.report(
                ["page"], "one page is asked for, and `pages` says another thing", remedy: "keep one of the two")
        }
        profile.parameters = NormalizationParameters(reading: &reader)
        profile.baselineParameters = reader.parameters()
        if var inner = reader.table("thresholds") {
            profile.thresholds = QualityThresholds(reading: &inner)
            inner.finish()
        }
        if var inner = reader.table("verdict") {
            profile.thresholds.rules = VerdictRules(reading: &inner)
            inner.finish()
        }
        reader.finish()
        guard log.problems.isEmpty else { throw ConfigurationError(log.problems) }
        return profile
    }

    private mutating func readFiles(from reader: inout TableReader, folder: String) {
        func located(_ name: String) -> String {
            name.hasPrefix("/") || folder.isEmpty ? name : (folder as NSString).appendingPathComponent(name)
        }
        reader.require("references", remedy: "name one to three images of the lab to normalize to")
        if let names = reader.strings("references", count: 1...3) {
            references = names.map(located)
            for (index, reference) in references.enumerated() {
                var isDirectory: ObjCBool = false
                if let problem = HomeDirectory.problem(of: names[index]) {
                    reader.report(["references", String(index)], problem, remedy: HomeDirectory.remedy)
                } else if !FileManager.default.fileExists(atPath: reference, isDirectory: &isDirectory) {
                    reader.report(
                        ["references", String(index)], "there is no file \(reference)",
                        remedy: "names are relative to the profile's folder; correct the name")
                } else if isDirectory.boolValue {
                    reader.report(
                        ["references", String(index)], "\(reference) is a directory", remedy: "name an image in it")
                }
            }
        }
        func text(_ key: String) -> String? {
            guard let name = reader.string(key) else { return nil }
            guard let problem = HomeDirectory.problem(of: name) else { return name }
            reader.report([key], problem, remedy: HomeDirectory.remedy)
            return nil
        }
        func paletteFile(_ key: String) -> String? {
            guard let name = text(key).map(located) else { return nil }
            if !FileManager.default.fileExists(atPath: name) {
                reader.report(
                    [key], "there is no file \(name)",
                    remedy: "correct the name, or make the palette with `nctd profile learn`")
            }
            return name
        }
        palette = paletteFile("palette")
        capturePalette = paletteFile("capture_palette")
        if let text = text("flat_field") {
            flatField = FlatFieldChoice(text)
            if text.isEmpty {
                reader.report(
                    ["flat_field"], "is empty", remedy: "name a file, or use \"auto\", \"capture\" or \"none\"")
            } else if case .file(let name) = flatField {
                flatField = .file(located(name))
                if !FileManager.default.fileExists(atPath: located(name)) {
                    reader.report(
                        ["flat_field"], "there is no file \(located(name))",
                        remedy: "correct the name, make it with `nctd profile flat-field`, or use \"auto\", "
                            + "\"capture\" or \"none\"")
                }
            }
        }
        features = reader.choice("features", FeatureKind.self) ?? features
        if let name = text("weights") {
            weights = located(name)
            if !FileManager.default.fileExists(atPath: located(name)) {
                reader.report(
                    ["weights"], "there is no file \(located(name))",
                    remedy: "correct the name, or leave the key out to search the usual places")
            }
        }
    }
}
