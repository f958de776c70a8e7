import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine
import Pictures

/// The files that the demo writes, and where.
struct DemoFolder {
    let path: String

    func capture(_ name: String) -> String { "\(path)/captures/\(name).png" }
    func truth(_ name: String) -> String { "\(path)/truth/\(name).png" }
    func result(_ name: String) -> String { "\(path)/normalized/\(name).png" }
    func reference(_ index: Int) -> String { "\(path)/references/lab-a-\(index + 1).png" }
    var profile: String { "\(path)/lab-a.toml" }
    var contactSheet: String { "\(path)/contact-sheet.png" }

    /// All that is written.
    func files(of smears: DemoSmears) -> [String] {
        smears.captures.flatMap { capture in
            [
                self.capture(capture.name), truth(capture.name), result(capture.name),
                SidecarName.of(result(capture.name)),
            ]
        } + smears.references.indices.map(reference) + [profile, contactSheet]
    }

    /// Writes captures, references, truth and a profile, and returns the profile with the options put over it.
    func write(_ smears: DemoSmears, _ options: EngineOptions) throws -> Profile {
        for folder in ["captures", "truth", "references", "normalized"] {
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
        }
        for capture in smears.captures {
            try PictureFile.write(capture.image, to: self.capture(capture.name), overwrite: true)
            try PictureFile.write(capture.truth, to: truth(capture.name), overwrite: true)
        }
        for (index, image) in smears.references.enumerated() {
            try PictureFile.write(image, to: reference(index), overwrite: true)
        }
        let names = smears.references.indices.map { "\"references/lab-a-\($0 + 1).png\"" }
        let text = """
            # The demo's profile: normalize to lab A's synthetic references.
            name = "lab-a"
            references = [\(names.joined(separator: ", "))]
            method = "color-transfer"
            """
        try OutputFile.write(Array((text + "\n").utf8), to: profile, overwrite: true)
        var resolved = try Profile.read(path: profile)
        options.override(&resolved)
        return resolved
    }

    /// Before, reference, after and truth of every capture, one row each.
    func writeContactSheet(_ rows: [DemoTable.Row], smears: DemoSmears, features: String) throws {
        var cells: [ContactSheet.Cell] = []
        for (index, row) in rows.enumerated() {
            let capture = smears.captures[index]
            let reference = index % smears.references.count
            cells.append(
                ContactSheet.Cell(
                    capture.image, caption: [row.name, "ΔE2000 to the truth \(Decimals.text(row.before, 1))"]))
            cells.append(
                ContactSheet.Cell(smears.references[reference], caption: ["lab-a-\(reference + 1)", "another scene"]))
            cells.append(
                ContactSheet.Cell(
                    row.result,
                    caption: [
                        "normalized, \(row.verdict.rawValue)", "ΔE2000 to the truth \(Decimals.text(row.after, 1))",
                    ]))
            cells.append(ContactSheet.Cell(capture.truth, caption: ["truth", "the same scene in lab A's stain"]))
        }
        let sheet = ContactSheet(
            title: "Neural color transfer on synthetic smears",
            subtitle: ["lab B's captures in the colors of lab A's references; features: \(features)"],
            headings: ["before", "reference", "after", "truth"], cells: cells, columns: 4, cellWidth: 320)
        try PictureFile.write(sheet.render(), to: contactSheet, overwrite: true)
    }
}
