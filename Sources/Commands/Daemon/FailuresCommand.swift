import ArgumentParser
import Foundation
import Jobs
import Ledger
import NCTEngine

/// `nctd failures`: what was quarantined, and why.
struct FailuresCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failures",
        abstract: "List the captures that failed, with the reason and the remedy.",
        discussion: "`nctd retry` puts them back to work once the cause is gone.")

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("Only this lab's.", valueName: "lab")) var lab: String?
    @Flag(help: "Print JSON, one object per line.") var json = false

    private struct Entry: Codable {
        var lab: String
        var file: String
        var failedAt: String?
        var attempts: Int
        var failure: CaptureFailure
    }

    func run() async throws {
        let (console, json) = (Console.current, json)
        let ledger = try options.ledger()
        try await NamedInLedger.check(lab: lab, in: ledger)
        try await ledger.forEach(.init(state: .failed, lab: lab)) { row, root in
            let failure = row.failure ?? CaptureFailure(code: "unknown", message: "no reason is known", remedy: "retry")
            let entry = Entry(
                lab: root.lab, file: "\(root.path)/\(row.path)",
                failedAt: row.finishedAt.map { Timestamp.text(Date(timeIntervalSince1970: $0)) },
                attempts: row.attempts, failure: failure)
            if json {
                console.say(String(decoding: try JSONText.encodeLine(entry), as: UTF8.self))
            } else {
                console.say("\(entry.file): \(failure.text) (\(row.attempts.counted("attempt")))")
            }
        }
    }
}
