import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// The chosen references, as a profile, as a report, and as a picture.
struct SuggestedProfile {
    let name: String
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

    init(name: String, origin: String, survey: LabSurvey, suggestion: ReferenceSuggestion) {
        self.name = name
        self.origin = origin
        self.suggestion = suggestion
        imageCount = survey.paths.count
        sources = suggestion.chosen.map { survey.paths[$0.index] }
        references = sources.map(PreparedEngine.absolute)
    }

    /// Copies the chosen images, byte for byte, and names them by the copies.
    mutating func copyReferences(to folder: String, overwrite: Bool) throws {
        var names: [String] = []
        for (index, source) in sources.enumerated() {
            let file = "\(name.replacing("/", with: "-"))-\(index + 1).\((source as NSString).pathExtension)"
            let target = (folder as NSString).appendingPathComponent(file)
            do {
                let bytes = try RegularFile.read(path: source, limits: ImageLimits())
                try AtomicFile.write(bytes, to: target, overwrite: overwrite)
            } catch let error as ImageFileError where error.code == .exists {
                throw UsageError("\(target) exists", remedy: "use --overwrite to replace it")
            } catch {
                throw RunError(JobFailure(error, file: target))
            }
            names.append(file)
        }
        references = names
    }

    /// Writes the lab's palette beside the references; a lab of which no image shows a smear has none.
    mutating func writePalette(_ survey: PaletteSurvey, to folder: String, overwrite: Bool) throws {
        guard let learned = try? survey.palette() else { return }
        let file = "\(name.replacing("/", with: "-")).palette.json"
        let target = (folder as NSString).appendingPathComponent(file)
        do {
            try PaletteFile.write(learned, to: target, overwrite: overwrite)
        } catch let error as ImageFileError where error.code == .exists {
            throw UsageError("\(target) exists", remedy: "use --overwrite to replace it")
        } catch {
            throw RunError(JobFailure(error, file: target))
        }
        palette = file
    }

    /// The profile's text.
    func toml() -> String {
        let coverage = suggestion.coverage
        return """
            # References chosen by `nctd profile suggest` from \(imageCount) images of \(Self.comment(origin)).
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
    func report(sheet: String) -> [String] {
        let coverage = suggestion.coverage
        var lines = ["\(imageCount) images looked at, \(suggestion.outliers.count) of them unlike the others in color"]
        for (index, choice) in suggestion.chosen.enumerated() {
            lines.append(
                "  reference \(index + 1)  \(sources[index])  stands for \(Self.percent(choice.share)) of the lab's cells, "
                    + "deviation \(Self.decimal(choice.deviation))")
        }
        lines.append(
            "  coverage     nuclei \(Self.percent(coverage.nucleus)), cytoplasm \(Self.percent(coverage.cytoplasm)), "
                + "red cells \(Self.percent(coverage.redCell))")
        lines.append("  contact sheet  \(sheet)")
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
            title: "References for \(name)",
            subtitle: [
                "from \(imageCount) images; covered: nuclei \(Self.percent(coverage.nucleus)), cytoplasm "
                    + "\(Self.percent(coverage.cytoplasm)), red cells \(Self.percent(coverage.redCell))"
            ], cells: cells, columns: cells.count, cellWidth: 360)
    }

    private struct Report: Encodable {
        var name: String
        var images: Int
        var outliers: Int
        var references: [Reference]
        var coverage: ReferenceSuggestion.Coverage
        var sheet: String

        struct Reference: Encodable {
            var path: String
            var share: Float
            var deviation: Float
        }
    }

    func json(sheet: String) throws -> String {
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
