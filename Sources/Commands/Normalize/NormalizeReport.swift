import Config
import Foundation
import Jobs
import NCTEngine

/// What came of each capture and of all together; also the object that `--json` prints.
struct NormalizeReport: Codable {
    enum Status: String, Codable { case good, doubtful, bad, failed }

    struct Problem: Codable {
        var cause: String
        var remedy: String
    }

    struct Entry: Codable {
        var input: String
        var status: Status
        /// True for a result that was there already, and is as this run would make it; absent for the others.
        var skipped: Bool?
        var output: String?
        var sidecar: String?
        var delivery: Sidecar.Delivery?
        var quality: Sidecar.Quality?
        var findings: [Sidecar.Finding]?
        /// What the profile has noted and not counted.
        var notes: [Sidecar.Finding]?
        /// What the reader had to overlook or to guess.
        var warnings: [String]?
        var seconds: Double
        var error: Problem?
    }

    struct LeftOut: Codable {
        var input: String
        var reason: String
    }

    struct Summary: Codable {
        var captures = 0
        var good = 0
        var doubtful = 0
        var bad = 0
        var failed = 0
        /// How many of them were done before and left as they are; nil for none.
        var skipped: Int?
        /// Captures that an interrupted run did not come to; nil for a run that came to its end.
        var notReached: Int?
        /// Symbolic links and results of nctd, which count as no captures; nil if there are none.
        var leftOut: Int?
        /// Images of formats that are not read, by the formats' names; nil if there are none.
        var notRead: [String: Int]?
        var seconds = 0.0
    }

    var results: [Entry] = []
    var summary = Summary()
    var features: Sidecar.Features?
    /// Symbolic links that were not followed, and results of nctd; nil if there are none.
    var leftOut: [LeftOut]?
    /// Warnings that concern the whole run.
    var notices: [String] = []

    /// - Parameter isSkipped: it was there already.
    mutating func add(
        _ sidecar: Sidecar, at output: String, input: String, seconds: Double, isSkipped: Bool = false
    ) {
        let status = Status(rawValue: sidecar.verdict.value.rawValue) ?? .bad
        results.append(
            Entry(
                input: input, status: status, skipped: isSkipped ? true : nil, output: output,
                sidecar: SidecarName.of(output), delivery: sidecar.verdict.delivery,
                quality: sidecar.quality, findings: sidecar.verdict.findings, notes: sidecar.verdict.notes,
                warnings: sidecar.warnings.isEmpty ? nil : sidecar.warnings, seconds: Self.rounded(seconds)))
        summary.captures += 1
        if isSkipped { summary.skipped = (summary.skipped ?? 0) + 1 }
        switch status {
        case .good: summary.good += 1
        case .doubtful: summary.doubtful += 1
        case .bad, .failed: summary.bad += 1
        }
    }

    mutating func add(_ failure: JobFailure, input: String, seconds: Double) {
        results.append(
            Entry(
                input: input, status: .failed, seconds: Self.rounded(seconds),
                error: Problem(cause: failure.cause, remedy: failure.remedy)))
        summary.captures += 1
        summary.failed += 1
    }

    mutating func finish(seconds: Double) { summary.seconds = Self.rounded(seconds) }

    mutating func leaveOut(_ entries: [LeftOut]) {
        guard !entries.isEmpty else { return }
        leftOut = (leftOut ?? []) + entries
        summary.leftOut = leftOut?.count
    }

    func json() throws -> String { String(decoding: try JSONText.encode(self), as: UTF8.self) }

    // MARK: For people

    /// A capture's line: verdict, names, time, and why it is less than good.
    static func line(_ entry: Entry) -> String {
        let word = entry.status.rawValue
        let status = word + String(repeating: " ", count: 8 - word.count)
        let input = PrintableName.text(entry.input)
        guard let output = entry.output.map({ PrintableName.text($0) }) else { return "\(status)  \(input)" }
        let time = entry.skipped == true ? "done before" : "\(Decimals.text(entry.seconds, 2)) s"
        let reasons = (entry.findings ?? []).map(\.text).joined(separator: "; ")
        let delivery = entry.delivery == .held ? " [held back]" : ""
        return "\(status)  \(input) -> \(output)\(delivery)  \(time)" + (reasons.isEmpty ? "" : "  (\(reasons))")
    }

    /// The run in one paragraph: counts, time, the failed with their reasons.
    func summaryLines(output: String) -> [String] {
        var parts = ["\(summary.good) good", "\(summary.doubtful) doubtful", "\(summary.bad) bad"]
        if summary.failed > 0 { parts.append("\(summary.failed) failed") }
        if let skipped = summary.skipped { parts.append("\(skipped) of them done before") }
        if let leftOut = summary.leftOut { parts.append("\(leftOut) left out") }
        let head =
            "\(summary.captures.counted("capture")): \(parts.joined(separator: ", "))  "
            + "(\(Decimals.text(summary.seconds, 1)) s)  results in \(output)"
        let held = results.filter { $0.delivery == .held }.count
        var lines = [head]
        if held > 0 {
            let directory = OutputSettings.heldDirectory(beside: output)
            lines.append("\(held) held back, in \(directory), as the profile says")
        }
        for entry in results {
            if let error = entry.error {
                lines.append("  failed: \(PrintableName.text(entry.input)): \(error.cause); \(error.remedy)")
            }
        }
        return lines
    }

    private static func rounded(_ seconds: Double) -> Double { (seconds * 1000).rounded() / 1000 }
}

/// Numbers with a fixed count of decimals.
enum Decimals {
    static func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
    static func text(_ value: Float, _ digits: Int) -> String { text(Double(value), digits) }
}
