import ArgumentParser
import Daemon
import Foundation
import Ledger
import NCTEngine

/// `nctd reprocess`: finished captures back to work, after their profile or the program changed.
struct ReprocessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprocess",
        abstract: "Process captures again after their profile or the program changed.",
        discussion: """
            Older results are kept as versions (NAME.png.v1, v2, …). Captures whose result would be the same are left \
            as they are, and so are those whose file is gone: they stay done, and their results stay.

            After an upgrade, what an older engine made (nctd status counts it):
              nctd reprocess --outdated --dry-run
            """)

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("Only this profile's.", valueName: "name")) var profile: String?
    @Flag(help: "Only captures whose result another engine than this program's made.") var outdated = false
    @OptionGroup var ended: EndedOptions
    @Flag(help: "Only say how many there are.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        guard profile != nil || outdated || ended.lab != nil else {
            throw UsageError(
                "nothing says which captures are meant", remedy: "name --profile, --lab or --outdated")
        }
        let ledger = try options.ledger(writing: !dryRun)
        try await NamedInLedger.check(lab: ended.lab, in: ledger)
        if let profile {
            try await NamedInLedger.check(profile: profile, in: ledger, try? options.configuration())
        }
        let left = try await options.leftRoots(ledger)
        let selection = Ledger.Selection(
            state: .done, lab: ended.lab, profile: profile, since: ended.since?.seconds, until: ended.until?.seconds,
            exceptEngine: outdated ? EngineVersion.current : nil, exceptRoots: left.map(\.id))
        let found = try await Found(selection, in: ledger, sources: (try? options.configuration())?.sources ?? [:])
        if dryRun {
            if json {
                return Console.current.say(
                    "{\"reprocessed\": 0, \"would_be\": \(found.there.count), \"gone\": \(found.gone)}")
            }
            Console.current.say(
                found.there.count.counted("capture")
                    + " would be looked at again; those whose result would be the same stay as they are")
        }
        var again = Again(verb: "reprocessed", state: .done, count: 0, left: left, gone: found.gone)
        if dryRun { return again.sayGone() }
        for start in stride(from: 0, to: found.there.count, by: Self.page) {
            let page = Array(found.there[start..<min(start + Self.page, found.there.count)])
            again.count += try await ledger.reprocess(.init(captures: page), now: SystemClock().now)
        }
        try await again.say(in: ledger, lab: ended.lab, json: json)
    }

    /// Captures that are put back to work in one transaction.
    private static let page = 500

    /// The captures of a selection whose files are there, and how many are gone. Where that cannot be told, they are there.
    private final class Found: @unchecked Sendable {
        private(set) var there: [Int64] = []
        private(set) var gone = 0

        /// `@unchecked` because the ledger calls back from one thread, one row after the other.
        init(_ selection: Ledger.Selection, in ledger: Ledger, sources: [String: any CaptureSource]) async throws {
            try await ledger.forEach(selection) { [self] row, root in
                if root.unhealthy == nil, sources[root.path]?.isGone(row.path, root: root.path) ?? false {
                    gone += 1
                } else {
                    there.append(row.id)
                }
            }
        }
    }
}
