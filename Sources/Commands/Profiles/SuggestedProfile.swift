import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// The chosen references, as a profile, as a report, and as a picture.
struct SuggestedProfile {
    let name: String
    /// The lab that the images come from, which names what is copied.
    let lab: String
    let origin: String
    /// How many images were looked at.
    let imageCount: Int
    let suggestion: ReferenceSuggestion
    /// The chosen images.
    let sources: [String]
    /// The chosen images as the profile names them.
    private(set) var references: [String]
    /// The lab's palette as the profile names it; nil where none was written.
    private(set) var palette: String?

    init(name: String, lab: String, origin: String, survey: LabSurvey, suggestion: ReferenceSuggestion) {
        self.name = name
        self.lab = lab.replacing("/", with: "-")
        self.origin = origin
        self.suggestion = suggestion
        imageCount = survey.paths.count
        sources = suggestion.chosen.map { survey.paths[$0.index] }
        references = sources.map(PreparedEngine.absolute)
    }

    /// The lab that images come from, by the path: its last component that does not say which part of a data set it is.
    static func lab(of path: String) -> String {
        let parts = (PreparedEngine.absolute(path) as NSString).pathComponents.reversed()
        let usual: Set<String> = [
            "train", "training", "test", "valid", "val", "validation", "images", "img", "captures", "/",
        ]
        let last = parts.first.map { ($0 as NSString).deletingPathExtension } ?? "lab"
        let name =
            parts.first { !usual.contains($0.lowercased()) }.map { ($0 as NSString).deletingPathExtension } ?? last
        return name.isEmpty || name == "/" ? "lab" : name
    }

    /// The contact sheet beside copies.
    var sheetName: String { "\(lab)-references.png" }

    /// Copies the chosen images, byte for byte, with the lab's palette and a contact sheet beside them, and names them by
    /// the copies. Nothing is written if something that is there already differs and is not to be replaced, or is read.
    ///
    /// - Parameters:
    ///   - survey: of the lab's colors; a lab of which no image shows a smear has no palette.
    ///   - profile: the file that will name the copies, relative to its folder; nil for one beside them.
    ///   - kept: what else is read and written.
    mutating func copy(
        palette survey: PaletteSurvey, withSheet: Bool, to folder: String, profile: String?, overwrite: Bool,
        claiming kept: inout KeptFiles
    ) throws {
        var files: [(name: String, bytes: [UInt8])] = []
        for (index, source) in sources.enumerated() {
            do {
                let bytes = try InputFile.read(path: source, limits: ImageLimits())
                files.append(("\(lab)-\(index + 1).\((source as NSString).pathExtension)", bytes))
            } catch {
                throw RunError(JobFailure(error, file: source))
            }
        }
        references = files.map { Self.named($0.name, in: folder, from: profile) }
        if let learned = try? survey.palette().encoded() {
            files.append(("\(lab).palette.json", learned))
            palette = Self.named("\(lab).palette.json", in: folder, from: profile)
        }
        if withSheet { files.append((sheetName, try PictureFile.encode(sheet().render()))) }
        func target(_ file: String) -> String { (folder as NSString).appendingPathComponent(file) }
        let present = files.filter { FileManager.default.fileExists(atPath: target($0.name)) }
        let same = present.filter {
            (try? InputFile.read(path: target($0.name), limits: ImageLimits())) == $0.bytes
        }.map(\.name)
        if !overwrite, let other = present.first(where: { !same.contains($0.name) }) {
            throw UsageError(
                "\(target(other.name)) exists and is another one",
                remedy: "use --overwrite to replace it, or name another directory with --copy")
        }
        for file in files {
            try kept.claim(
                target(file.name), option: "--copy", existing: same.contains(file.name) ? .same : .replaced)
        }
        for file in files where !same.contains(file.name) {
            do {
                try OutputFile.write(file.bytes, to: target(file.name), overwrite: overwrite)
            } catch {
                throw RunError(JobFailure(error, file: target(file.name)))
            }
        }
    }

    /// A copy as the profile names it: by its name alone where they lie in one folder.
    private static func named(_ file: String, in folder: String, from profile: String?) -> String {
        let place = PreparedEngine.absolute((folder as NSString).appendingPathComponent(file))
        guard let profile else { return file }
        let own = (PreparedEngine.absolute(profile) as NSString).deletingLastPathComponent
        return (place as NSString).deletingLastPathComponent == own ? file : place
    }

    /// The profile's text.
    func toml() -> String {
        let coverage = suggestion.coverage
        return """
            # References chosen by `nctd profile suggest` from \(imageCount.counted("image")) of \(Self.comment(origin)).
            # They cover \(Self.percent(coverage.nucleus)) of the lab's nucleus colors, \
            \(Self.percent(coverage.cytoplasm)) of its cytoplasm's and \(Self.percent(coverage.redCell)) of its red cells'.
            # All other settings have their defaults; see `nctd profile check` and the guide to profiles.
            name = \(Self.quoted(name))
            references = [
            \(references.map { "    " + Self.quoted($0) }.joined(separator: ",\n")),
            ]
            \(palette.map { "# The lab's colors, learned from its images.\npalette = \(Self.quoted($0))\n" } ?? "")\
            method = "color-transfer"
            """
    }

    /// Lines for a person.
    func report(sheet: String?) -> [String] {
        let coverage = suggestion.coverage
        var lines = [
            "\(imageCount.counted("image")) looked at, \(suggestion.outliers.count) of them unlike the others in color"
        ]
        for (index, choice) in suggestion.chosen.enumerated() {
            lines.append(
                "  reference \(index + 1)  \(sources[index])  stands for \(Self.percent(choice.share)) of the lab's cells, "
                    + "deviation \(Self.decimal(choice.deviation))")
        }
        lines.append(
            "  coverage     nuclei \(Self.percent(coverage.nucleus)), cytoplasm \(Self.percent(coverage.cytoplasm)), "
                + "red cells \(Self.percent(coverage.redCell))")
        if let sheet { lines.append("  contact sheet  \(sheet)") }
        return lines
    }

    /// The chosen images side by side.
    func sheet() throws -> ContactSheet {
        let cells = try zip(sources, suggestion.chosen).enumerated().map { index, pair in
            do {
                return ContactSheet.Cell(
                    try ImageReader.read(path: pair.0).image,
                    caption: [
                        "reference \(index + 1)", (pair.0 as NSString).lastPathComponent,
                        "stands for \(Self.percent(pair.1.share)) of the cells",
                        "deviation \(Self.decimal(pair.1.deviation))",
                    ])
            } catch {
                throw RunError(JobFailure(error, file: pair.0))
            }
        }
        let coverage = suggestion.coverage
        return ContactSheet(
            title: "References of \(lab)",
            subtitle: [
                "from \(imageCount.counted("image")); covered: nuclei \(Self.percent(coverage.nucleus)), cytoplasm "
                    + "\(Self.percent(coverage.cytoplasm)), red cells \(Self.percent(coverage.redCell))"
            ], cells: cells, columns: cells.count, cellWidth: 360)
    }

    private struct Report: Encodable {
        var name: String
        var images: Int
        var outliers: Int
        var references: [Reference]
        var coverage: ReferenceSuggestion.Coverage
        var sheet: String?

        struct Reference: Encodable {
            var path: String
            var share: Float
            var deviation: Float
        }
    }

    func json(sheet: String?) throws -> String {
        let chosen = zip(references, suggestion.chosen).map {
            Report.Reference(path: $0, share: $1.share, deviation: $1.deviation)
        }
        let report = Report(
            name: name, images: imageCount, outliers: suggestion.outliers.count, references: chosen,
            coverage: suggestion.coverage, sheet: sheet)
        return String(decoding: try JSONText.encode(report), as: UTF8.self)
    }

    private static func percent(_ share: Float) -> String { "\(Int((share * 100).rounded()))%" }
    private static func decimal(_ value: Float) -> String { String(format: "%.1f", value) }

    /// A text as TOML writes it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                result += "\\u" + String(format: "%04X", scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// A text that cannot end a comment's line.
    private static func comment(_ text: String) -> String {
        String(text.map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "?" : $0 })
    }
}
