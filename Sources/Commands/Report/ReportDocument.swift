import Daemon
import Foundation
import NCTEngine

/// A report as headings, sentences and tables, whatever they are set in.
struct ReportDocument {
    enum Block {
        case title(String)
        /// A lab's part; begins on a page of its own where it is printed.
        case lab(String)
        case heading(String)
        case sentence(String)
        /// The first column is text, the others are numbers where `numbers` is set.
        case table(header: [String], rows: [[String]], numbers: Bool)
        /// Parts of a whole: a name and how many.
        case shares([(name: String, count: Int)])
    }

    private(set) var blocks: [Block] = []

    /// - Parameter month: such as `2026-11`; nil for another period.
    init(_ report: PeriodReport, month: String?) {
        let (since, until) = (Self.minute(report.since), Self.minute(report.until))
        blocks.append(.title("Blood smear normalization, \(month ?? "\(since) to \(until)")"))
        blocks.append(
            .sentence(
                "\(report.host), nctd \(report.engine). Captures that ended from \(since) to \(until); a capture that was "
                    + "done again counts as it ended last. Made \(Self.minute(report.createdAt))."))
        if report.labs.count > 1 { overview(report) }
        for lab in report.labs { add(lab) }
        if report.labs.isEmpty { blocks.append(.sentence("The ledger knows no lab.")) }
    }

    private mutating func overview(_ report: PeriodReport) {
        blocks.append(.heading("All labs"))
        blocks.append(
            .table(
                header: ["lab", "came in", "done", "good", "doubtful", "bad", "failed", "left out", "pending now"],
                rows: report.labs.map { lab in
                    [lab.lab]
                        + [
                            lab.seen, lab.done, lab.verdicts["good"] ?? 0, lab.verdicts["doubtful"] ?? 0,
                            lab.verdicts["bad"] ?? 0, lab.failed, lab.ignored.map(\.captures).reduce(0, +), lab.pending,
                        ].map(String.init)
                }, numbers: true))
    }

    private mutating func add(_ lab: PeriodReport.Lab) {
        blocks.append(.lab(lab.lab))
        let left = lab.ignored.map(\.captures).reduce(0, +)
        blocks.append(
            .sentence(
                "\(lab.seen.counted("file")) came in, \(left) of them left out. \(lab.done.counted("capture")) done"
                    + (lab.duplicates > 0 ? " (\(lab.duplicates) of them the same as an earlier one)" : "")
                    + ", \(lab.failed) failed, \(lab.pending) pending now."))
        verdicts(lab)
        failures(lab)
        weeks(lab)
        times(lab)
        made(lab)
        disk(lab)
    }

    private mutating func verdicts(_ lab: PeriodReport.Lab) {
        guard lab.done > 0 else { return }
        blocks.append(.heading("Verdicts"))
        let known = ["good", "doubtful", "bad"]
        let others = lab.verdicts.keys.filter { !known.contains($0) }.sorted()
        blocks.append(.shares((known + others).map { ($0, lab.verdicts[$0] ?? 0) }.filter { $0.1 > 0 }))
        if let held = lab.deliveries["held"] { blocks.append(.sentence("\(held) held back by the profile.")) }
        if !lab.findings.isEmpty {
            blocks.append(
                .table(
                    header: ["finding", "captures"],
                    rows: lab.findings.map { [$0.name.replacing("_", with: " "), String($0.captures)] }, numbers: true))
        }
        if lab.unread > 0 {
            blocks.append(
                .sentence(
                    "Of \(lab.unread.counted("capture")) the sidecar could not be read: findings and drift lack them."))
        }
    }

    private mutating func failures(_ lab: PeriodReport.Lab) {
        if !lab.failures.isEmpty {
            blocks.append(.heading("Failures"))
            blocks.append(
                .table(
                    header: ["captures", "why", "what to do", "such as"],
                    rows: lab.failures.map { [String($0.captures), $0.message, $0.remedy, $0.example] },
                    numbers: false))
        }
        if !lab.ignored.isEmpty {
            blocks.append(.heading("Left out"))
            blocks.append(
                .table(
                    header: ["why", "files"], rows: lab.ignored.prefix(20).map { [$0.name, String($0.captures)] },
                    numbers: true))
            if lab.ignored.count > 20 { blocks.append(.sentence("\(lab.ignored.count - 20) further reasons.")) }
        }
    }

    private mutating func weeks(_ lab: PeriodReport.Lab) {
        guard !lab.weeks.isEmpty else { return }
        blocks.append(.heading("Week by week"))
        blocks.append(
            .table(
                header: [
                    "week", "done", "good", "failed", "ΔE to reference before", "after", "background moved",
                    "red cells moved", "nuclei moved", "light", "ms a capture",
                ],
                rows: lab.weeks.map { week in
                    let share =
                        week.done > 0 ? "\(Int((Double(week.good) / Double(week.done) * 100).rounded())) %" : "–"
                    return [week.week, String(week.done), share, String(week.failed)]
                        + [
                            week.paletteDistanceBefore, week.paletteDistanceAfter, week.backgroundDrift,
                            week.redCellDrift, week.nucleusDrift,
                        ].map { Self.number($0, 1) } + [Self.number(week.lightRatio, 3)]
                        + [Self.number(week.workMilliseconds, 0)]
                }, numbers: true))
        blocks.append(
            .sentence(
                "Medians of the week. Moved: how far the captures' own color, as the microscope gave it, lies from that of "
                    + "the first week (CIEDE2000; from about 2 on look at stain, lamp and camera). Light: brightest over "
                    + "darkest place of the field."))
    }

    private mutating func times(_ lab: PeriodReport.Lab) {
        let rows = [
            ("work on a capture", lab.workMilliseconds, Float(0.001)),
            ("from first sight to result", lab.waitSeconds, Float(1)),
        ].compactMap { name, spread, scale in
            spread.map { spread in
                [name] + [spread.median, spread.ninetieth, spread.greatest].map { Self.duration($0 * scale) }
            }
        }
        guard !rows.isEmpty else { return }
        blocks.append(.heading("Times"))
        blocks.append(
            .table(header: ["", "median", "nine of ten within", "longest"], rows: rows, numbers: true))
    }

    private mutating func made(_ lab: PeriodReport.Lab) {
        guard lab.done > 0 || !lab.learned.isEmpty else { return }
        blocks.append(.heading("How results were made"))
        for (title, counts) in [
            ("Engine", lab.engines), ("Treatment", lab.treatments), ("Palette of the captures", lab.palettes),
        ] where !counts.isEmpty {
            let parts = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) (\($0.value))" }
            blocks.append(.sentence("\(title): \(parts.joined(separator: ", "))."))
        }
        for learned in lab.learned { blocks.append(.sentence("In force: \(learned.text).")) }
    }

    private mutating func disk(_ lab: PeriodReport.Lab) {
        guard lab.disk != nil || lab.removedVersions > 0 else { return }
        blocks.append(.heading("Disk"))
        if let disk = lab.disk {
            let rows = [
                ("results", disk.resultFiles, disk.resultBytes), ("held back", disk.heldFiles, disk.heldBytes),
                ("older versions", disk.versionFiles, disk.versionBytes),
            ].filter { $0.1 > 0 }
            blocks.append(
                .table(
                    header: ["now", "files", "on disk"],
                    rows: rows.map { [$0.0, String($0.1), DiskUse.text($0.2)] }, numbers: true))
        }
        if lab.removedVersions > 0 {
            blocks.append(
                .sentence(
                    "\(lab.removedVersions.counted("older version")) removed, as keep_versions and keep_days say."))
        }
    }

    /// Of seconds, as people say it.
    private static func duration(_ seconds: Float) -> String {
        switch seconds {
        case ..<1: "\(number(seconds * 1000, 0)) ms"
        case ..<120: "\(number(seconds, 1)) s"
        case ..<7200: "\(number(seconds / 60, 0)) min"
        case ..<172_800: "\(number(seconds / 3600, 1)) h"
        default: "\(number(seconds / 86_400, 1)) d"
        }
    }

    /// `2026-11-24 08:40` of an RFC 3339 time.
    private static func minute(_ time: String) -> String { String(time.prefix(16)).replacing("T", with: " ") }

    private static func number(_ value: Float?, _ digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", Double($0)) } ?? "–"
    }
}
