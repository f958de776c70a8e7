import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs
import Ledger
import Watching

/// `nctd explain`: all that is known of one file.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell what became of a file, and why.",
        discussion: "Which rule matched or why it was ignored, its state, its attempts, its results and sidecar.")

    @OptionGroup var options: LedgerOptions
    @Argument(help: "A file below a watched root.", completion: .file()) var file: String
    @Flag(help: "Print JSON.") var json = false

    private struct Explanation: Codable {
        struct Result: Codable {
            var version: Int?
            var output: String
            var sidecar: String
            var profile: String
            var verdict: String
            var delivery: String
            /// What the colors of its lab were known from; absent without a sidecar, or for a method that goes by none.
            var palette: String?
            var finishedAt: String
        }

        var file: String
        var lab: String?
        var root: String?
        /// `unknown` for a file that the ledger does not have.
        var state: String
        var note: String?
        var rule: String?
        var profile: String?
        var attempts: Int?
        var seenAt: String?
        var sha256: String?
        var failure: CaptureFailure?
        var results: [Result] = []
    }

    func run() async throws {
        let configuration = try? options.configuration()
        let ledger = try options.ledger()
        var explanation = Explanation(file: file, state: "unknown")
        if let found = try await ledger.find(file) {
            explanation.lab = found.root.lab
            explanation.root = found.root.path
            let settings = configuration?.watches.first { $0.path == found.root.path }
            if let row = found.row {
                try await describe(row, in: ledger, trees: configuration.map { ResultTrees($0.output) }, &explanation)
            } else if let settings, let rule = try CaptureFilter(settings: settings).ignoringRule(found.path) {
                explanation.note = "it would be ignored: \(rule)"
            } else if let link = try await leftOutLink(above: found.path, root: found.root.id, in: ledger) {
                explanation.note = "it lies behind \(link.path), which is left out: \(link.note)"
            } else {
                explanation.note = "it has not been seen yet"
            }
            if explanation.rule == nil, let settings {
                let match = try RuleMatcher(settings).match(found.path, metadata: nil)
                explanation.rule = match.map { $0.rule ?? "the root's default profile" }
                explanation.profile = explanation.profile ?? match?.profile
            }
        } else {
            explanation.note = "it lies below no root that the daemon ever watched"
        }
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(explanation), as: UTF8.self))
        } else {
            lines(explanation).forEach(console.say)
        }
        if explanation.state == "unknown" { throw ExitCode(ExitStatus.someFailed) }
    }

    /// The nearest directory around a path that is a link and was left out.
    private func leftOutLink(
        above path: CapturePath, root: Int64, in ledger: Ledger
    ) async throws -> (path: CapturePath, note: String)? {
        var parent = path.parent
        while let place = parent {
            if let row = try await ledger.capture(root: root, path: place), row.state == .ignored, let note = row.note {
                return (place, note)
            }
            parent = place.parent
        }
        return nil
    }

    private func describe(
        _ row: CaptureRow, in ledger: Ledger, trees: ResultTrees?, _ explanation: inout Explanation
    ) async throws {
        func text(_ seconds: Double) -> String { Timestamp.text(Date(timeIntervalSince1970: seconds)) }
        explanation.state = row.state.rawValue
        explanation.note = row.inProgress ? "it is in work" : row.note
        explanation.rule = row.rule
        explanation.profile = row.profile
        explanation.attempts = row.attempts
        explanation.seenAt = text(row.seenAt)
        explanation.sha256 = row.digest
        explanation.failure = row.failure
        explanation.results = try await ledger.results(of: row.id).map { result in
            let tree = ResultTrees.Tree(delivery: result.delivery)
            let name = CapturePath.printable(trees?.full(result.output, in: tree) ?? result.output)
            let sidecar = trees.flatMap { ResultCommit($0).sidecar(of: result.output, in: tree) }
            return .init(
                version: result.version, output: name, sidecar: name + ".json", profile: result.profile,
                verdict: result.verdict, delivery: result.delivery,
                palette: sidecar?.palettes.map { Self.text($0.captures) }, finishedAt: text(result.finishedAt))
        }
    }

    /// Where the palette of a capture's lab came from, in words.
    private static func text(_ palette: Sidecar.Palette) -> String {
        let from = palette.images.map { " from \($0) captures" } ?? ""
        return switch palette.origin {
        case .file: "given\(palette.path.map { ", \($0)" } ?? "")"
        case .learned: "learned\(from)\(palette.path.map { ", \($0)" } ?? "")"
        case .inputs: "learned\(from) of the same run"
        case .capture: "of this capture alone"
        case .references: "of the references"
        }
    }

    private func lines(_ explanation: Explanation) -> [String] {
        var lines = ["\(explanation.file): \(explanation.state)"]
        func add(_ name: String, _ value: String?) { if let value { lines.append("  \(name): \(value)") } }
        add("lab", explanation.lab)
        add("root", explanation.root)
        add("why", explanation.note)
        add("rule", explanation.rule)
        add("profile", explanation.profile)
        add("seen", explanation.seenAt)
        add("attempts", explanation.attempts.map(String.init))
        add("SHA-256", explanation.sha256)
        add("failure", explanation.failure.map { "\($0.message); \($0.remedy)" })
        for result in explanation.results {
            let name = result.version.map { "version \($0)" } ?? "result"
            add(name, "\(result.output), \(result.verdict), \(result.delivery), \(result.finishedAt)")
            add("  palette of its lab", result.palette)
        }
        return lines
    }
}
