import ArgumentParser
import Config
import Daemon
import Foundation
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Watching

/// `nctd explain`: all that is known of one file.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Tell what became of a file, and why.",
        discussion: """
            Which rule matched or why it was ignored, its state, its attempts, its results and sidecar. A name that is \
            not text can be given as it is printed, with \\xNN for each of its bytes that is not text.
            """)

    @OptionGroup var options: LedgerOptions
    @Argument(help: "A file below a watched root.", completion: .file()) var file: FileArgument
    @Flag(help: "Print JSON.") var json = false

    private struct Explanation: Codable {
        struct Result: Codable {
            var version: Int?
            var output: String
            /// Absent for a version whose files were removed.
            var sidecar: String?
            var profile: String
            var verdict: String
            var delivery: String
            /// Why it is less than good, in words.
            var findings: [String]
            /// What its profile has noted and not counted, in words.
            var notes: [String]
            /// What the reader of the capture had to overlook or to guess.
            var warnings: [String]
            /// The result that it is a link to or a copy of.
            var duplicateOf: String?
            /// The path that the capture had before, where the result followed it.
            var renamedFrom: String?
            /// What the colors of its lab were known from; absent without a sidecar, or for a method that goes by none.
            var palette: String?
            var finishedAt: String
            /// When a version's files were removed, as the configuration keeps no more of them.
            var removedAt: String?
        }

        /// A further page of the file, where each is a capture of its own.
        struct Page: Codable {
            var page: Int
            var state: String
            var note: String?
            var failure: CaptureFailure?
            var results: [Result]
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
        var pages: [Page]?
    }

    func run() async throws {
        let configuration = try? options.configuration()
        let (ledger, now) = (try options.ledger(), SystemClock().now)
        var explanation = Explanation(file: file.text, state: "unknown")
        if let found = try await ledger.find(file) {
            explanation.lab = found.root.lab
            explanation.root = found.root.path
            let settings = configuration?.watches.first { $0.path == found.root.path }
            if let row = found.row {
                try await describe(row, in: ledger, trees: configuration.map { ResultTrees($0.output) }, &explanation)
                if row.state == .pending {
                    explanation.note = try await options.pendingReason(ledger)
                        .text(row, root: found.root, ahead: ledger.ahead(of: row, now: now), now: now)
                } else if row.state == .done, let source = configuration?.sources[found.root.path],
                    case let (path, root) = (row.path, found.root.path),
                    Answer.within(root, { source.isGone(path, root: root) }) ?? false
                {
                    explanation.note = "its file is gone; its result stays"
                }
            } else if let reason = Self.noFile(file) {
                explanation.note = reason
            } else if let place = found.root.unreadable?.place(over: found.path) {
                explanation.note = Self.unseen(place, in: found.root)
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
        if let format = ForeignFormat.ending((file.text as NSString).pathExtension.lowercased()) {
            let what = "it is named as \(format.name), which is not read; \(format.advice)"
            explanation.note = explanation.note.map { "\($0); \(what)" } ?? what
        }
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(explanation), as: UTF8.self))
        } else {
            lines(explanation).forEach(console.say)
        }
        if explanation.state == "unknown" { throw ExitCode(ExitStatus.someFailed) }
    }

    private static func unseen(_ place: UnreadablePlaces.Place, in root: RootRow) -> String {
        "it has not been seen, for the daemon cannot read \(place.path.isEmpty ? root.path : "\(root.path)/\(place.path)") "
            + "(\(place.reason)): let the daemon's account list and enter it"
    }

    /// Why what lies at a name that the ledger does not have can be no capture; nil for a file.
    private static func noFile(_ file: FileArgument) -> String? {
        switch FileKind(file.bytes) {
        case .hidden(let error):
            "it was never seen, and whether there is such a file cannot be told (\(error)): run the command as root, or "
                + "let this account into the folders on the way to it; `nctd status` names those that the daemon cannot read"
        case .none: "there is no such file, and none was ever seen"
        case .directory: "it is a directory; name a file in it"
        case .special: "it is no regular file, but a pipe, a socket or a device, which are never captures"
        case .file: nil
        }
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
        explanation.note = row.note
        explanation.rule = row.rule
        explanation.profile = row.profile
        explanation.attempts = row.attempts
        explanation.seenAt = text(row.seenAt)
        explanation.sha256 = row.path.page == nil ? row.digest : nil
        explanation.failure = row.failure
        explanation.results = try await results(of: row, in: ledger, trees: trees)
        guard row.path.page == nil else { return }
        for page in try await ledger.pages(of: row) {
            explanation.pages =
                (explanation.pages ?? []) + [
                    .init(
                        page: page.path.page ?? 0, state: page.state.rawValue, note: page.note, failure: page.failure,
                        results: try await results(of: page, in: ledger, trees: trees))
                ]
        }
    }

    private func results(
        of row: CaptureRow, in ledger: Ledger, trees: ResultTrees?
    ) async throws -> [Explanation.Result] {
        func text(_ seconds: Double) -> String { Timestamp.text(Date(timeIntervalSince1970: seconds)) }
        return try await ledger.results(of: row.id).map { result in
            let tree = ResultTrees.Tree(delivery: result.delivery)
            let name = CapturePath.printable(trees?.full(result.output, in: tree) ?? result.output)
            let sidecar = trees.flatMap { ResultCommit($0).sidecar(of: result.output, in: tree) }
            return .init(
                version: result.version, output: name, sidecar: result.removedAt == nil ? SidecarName.of(name) : nil,
                profile: result.profile, verdict: result.verdict, delivery: result.delivery,
                findings: sidecar?.verdict.findings.map(\.text) ?? [],
                notes: sidecar?.verdict.notes?.map(\.text) ?? [], warnings: sidecar?.warnings ?? [],
                duplicateOf: sidecar?.capture?.duplicateOf, renamedFrom: sidecar?.capture?.renamedFrom,
                palette: sidecar?.palettes.map { Self.text($0.captures) }, finishedAt: text(result.finishedAt),
                removedAt: result.removedAt.map(text))
        }
    }

    /// Where the palette of a capture's lab came from, in words.
    private static func text(_ palette: Sidecar.Palette) -> String {
        let from = palette.images.map { " from \($0.counted("capture"))" } ?? ""
        return switch palette.origin {
        case .file: "given\(palette.path.map { ", \($0)" } ?? "")"
        case .learned: "learned\(from)\(palette.path.map { ", \($0)" } ?? "")"
        case .inputs: "learned\(from) of the same run"
        case .capture: "of this capture alone"
        case .references: "of the references"
        }
    }

    private func lines(_ explanation: Explanation) -> [String] {
        var lines = ["\(PrintableName.text(explanation.file)): \(explanation.state)"]
        func add(_ name: String, _ value: String?) { if let value { lines.append("  \(name): \(value)") } }
        add("lab", explanation.lab)
        add("root", explanation.root)
        add("why", explanation.note)
        add("rule", explanation.rule)
        add("profile", explanation.profile)
        add("seen", explanation.seenAt)
        add("attempts", explanation.attempts.map(String.init))
        add("SHA-256", explanation.sha256)
        add("failure", explanation.failure?.text)
        func add(_ result: Explanation.Result) {
            let name = result.version.map { "version \($0)" } ?? "result"
            let removed = result.removedAt.map { ", removed \($0)" } ?? ""
            add(name, "\(result.output), \(result.verdict), \(result.delivery), \(result.finishedAt)\(removed)")
            for finding in result.findings { add("  not good", finding) }
            for note in result.notes { add("  noted", note) }
            for warning in result.warnings { add("  warning", warning) }
            add("  same as", result.duplicateOf)
            add("  followed from", result.renamedFrom)
            add("  palette of its lab", result.palette)
            add("  sidecar", result.sidecar)
        }
        explanation.results.forEach(add)
        for page in explanation.pages ?? [] {
            add("page \(page.page)", page.state + (page.note.map { ", \($0)" } ?? ""))
            add("failure", page.failure?.text)
            page.results.forEach(add)
        }
        return lines
    }
}
