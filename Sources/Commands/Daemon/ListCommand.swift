import ArgumentParser
import Foundation
import Jobs
import Ledger

/// `nctd list`: the captures of a kind.
struct ListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List captures by lab, state, verdict and time.",
        discussion: """
            Today's doubtful ones:
              nctd list --verdict doubtful --since today

            `nctd explain FILE` says why of each.
            """)

    /// As the ledger has them.
    enum State: String, CaseIterable, ExpressibleByArgument { case done, failed, pending, ignored }
    enum Verdict: String, CaseIterable, ExpressibleByArgument { case good, doubtful, bad }

    @OptionGroup var options: LedgerOptions
    @Option(help: "Only captures in this state.") var state: State?
    @Option(help: "Only captures with this verdict, of their present result.") var verdict: Verdict?
    @Option(help: ArgumentHelp("Only this profile's.", valueName: "name")) var profile: String?
    @OptionGroup var ended: EndedOptions
    @Flag(help: "Print JSON, one object per line.") var json = false

    private struct Entry: Codable {
        var lab: String
        var file: String
        var state: String
        var verdict: String?
        var delivery: String?
        var profile: String?
        var endedAt: String?
    }

    func run() async throws {
        let (console, json) = (Console.current, json)
        let ledger = try options.ledger()
        try await NamedInLedger.check(lab: ended.lab, in: ledger)
        if let profile {
            try await NamedInLedger.check(profile: profile, in: ledger, try? options.configuration())
        }
        let selection = Ledger.Selection(
            state: state.flatMap { CaptureState(rawValue: $0.rawValue) } ?? (verdict == nil ? nil : .done),
            lab: ended.lab,
            profile: profile, verdict: verdict?.rawValue, since: ended.since?.seconds, until: ended.until?.seconds)
        try await ledger.forEach(selection) { row, root in
            let isDone = row.state == .done
            let entry = Entry(
                lab: root.lab, file: "\(root.path)/\(row.path)", state: row.state.rawValue,
                verdict: isDone ? row.verdict : nil, delivery: isDone ? row.delivery : nil, profile: row.profile,
                endedAt: row.finishedAt.map { Timestamp.text(Date(timeIntervalSince1970: $0)) })
            if json {
                console.say(String(decoding: try JSONText.encodeLine(entry), as: UTF8.self))
            } else {
                let facts = [entry.state, entry.verdict, entry.delivery, entry.endedAt].compactMap { $0 }
                console.say("\(entry.file): \(facts.joined(separator: ", "))")
            }
        }
    }
}
