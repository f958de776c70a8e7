import Foundation
import NCTEngine

/// What the demo found, as a table with what to try next.
struct DemoTable {
    struct Row {
        var name: String
        var result: RGBImage
        /// Mean CIEDE2000 to the truth.
        var before: Double
        var after: Double
        var verdict: QualityReport.Verdict
    }

    let rows: [Row]
    let folder: DemoFolder
    let features: String
    let seconds: Double

    var lines: [String] {
        let width = max(9, rows.map(\.name.count).max() ?? 0)
        func line(_ name: String, _ before: String, _ after: String, _ verdict: String) -> String {
            let padded = name + String(repeating: " ", count: max(0, width - name.count))
            let right = { (text: String, room: Int) in String(repeating: " ", count: max(0, room - text.count)) + text }
            return "  \(padded)  \(right(before, 8)) \(right(after, 8))   \(verdict)"
        }
        let mean = { (values: [Double]) in values.reduce(0, +) / Double(max(1, values.count)) }
        let rule = "  " + String(repeating: "-", count: width + 30)
        var lines = [
            "", "Color difference to the truth (mean CIEDE2000; below 2 is hard to see), features: \(features)", "",
        ]
        lines.append(line("capture", "before", "after", "verdict"))
        lines.append(rule)
        for row in rows {
            lines.append(
                line(row.name, Decimals.text(row.before, 2), Decimals.text(row.after, 2), row.verdict.rawValue))
        }
        lines.append(rule)
        lines.append(
            line("mean", Decimals.text(mean(rows.map(\.before)), 2), Decimals.text(mean(rows.map(\.after)), 2), ""))
        lines += [
            "", "Done in \(Decimals.text(seconds, 1)) s. Look at \(folder.contactSheet)",
            "Results with their sidecars are in \(folder.path)/normalized.", "", "Try next:",
            "  nctd normalize \(folder.path)/captures --profile \(folder.profile) --layer 1 \\",
            "       --output \(folder.path)/layer-1",
            "  nctd normalize \(folder.capture(rows.first?.name ?? "capture-1")) --profile \(folder.profile) \\",
            "       --output \(folder.path)/why --stages \(folder.path)/stages",
        ]
        return lines
    }
}
