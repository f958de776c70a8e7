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
        var output: String?
        var sidecar: String?
        var delivery: Sidecar.Delivery?
        var quality: Sidecar.Quality?
        var findings: [Sidecar.Finding]?
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
        /// Symbolic links, which count as no captures; nil if there are none.
        var leftOut: Int?
        var seconds = 0.0
    }

    var results: [Entry] = []
    var summary = Summary()
    var features: Sidecar.Features?
    /// Symbolic links that were not followed; nil if there are none.
    var leftOut: [LeftOut]?
    /// Warnings that concern the whole run.
    var notices: [String] = []

    mutating func add(_ result: CaptureJob.Result, input: String, seconds: Double) {
        let sidecar = result.sidecar
        let status = Status(rawValue: sidecar.verdict.value.rawValue) ?? .bad
        results.append(
            Entry(
                input: input, status: status, output: result.output,
                sidecar: CaptureJob.sidecarPath(ofImage: result.output), delivery: sidecar.verdict.delivery,
                quality: sidecar.quality, findings: sidecar.verdict.findings, seconds: Self.rounded(seconds)))
        summary.captures += 1
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

    func json() throws -> String { String(decoding: try JSONText.encode(self), as: UTF8.self) }

    // MARK: For people

    /// A capture's line: verdict, names, time, and why it is less than good.
    static func line(_ entry: Entry) -> String {
        let word = entry.status.rawValue
        let status = word + String(repeating: " ", count: 8 - word.count)
        let input = PrintableName.text(entry.input)
        guard let output = entry.output.map({ PrintableName.text($0) }) else { return "\(status)  \(input)" }
        let time = "\(Decimals.text(entry.seconds, 2)) s"
        let reasons = (entry.findings ?? []).map(FindingText.text).joined(separator: "; ")
        let delivery = entry.delivery == .held ? " [held back]" : ""
        return "\(status)  \(input) -> \(output)\(delivery)  \(time)" + (reasons.isEmpty ? "" : "  (\(reasons))")
    }

    /// The run in one paragraph: counts, time, the failed with their reasons.
    func summaryLines(output: String) -> [String] {
        var parts = ["\(summary.good) good", "\(summary.doubtful) doubtful", "\(summary.bad) bad"]
        if summary.failed > 0 { parts.append("\(summary.failed) failed") }
        if let leftOut = summary.leftOut { parts.append("\(leftOut) left out") }
        let noun = summary.captures == 1 ? "capture" : "captures"
        let head =
            "\(summary.captures) \(noun): \(parts.joined(separator: ", "))  "
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

/// Findings in words.
enum FindingText {
    static func text(_ finding: Sidecar.Finding) -> String {
        let value = Decimals.text(finding.value, 2)
        let threshold = Decimals.text(finding.threshold, 2)
        switch finding.kind {
        case "blank_field": return "blank field"
        case "no_white_cells": return "no white cells"
        case "out_of_focus": return "out of focus"
        case "not_a_smear": return "not a smear"
        case "structure_changed": return "structure changed: similarity \(value), at least \(threshold) wanted"
        case "colors_far_from_reference":
            return "colors far from the reference: \(value), at most \(threshold) wanted"
        case "clipped": return "clipped colors: \(value), at most \(threshold) wanted"
        case "low_confidence": return "low confidence: \(value), at least \(threshold) wanted"
        case "few_stained_pixels":
            return
                "few stained pixels: \(Decimals.text(finding.value, 0)), at least \(Decimals.text(finding.threshold, 0)) wanted"
        case "one_stain": return "one stain only"
        case "stain_absent": return "one of the stains is hardly there: \(value), at least \(threshold) wanted"
        default: return finding.kind.replacing("_", with: " ")
        }
    }
}
