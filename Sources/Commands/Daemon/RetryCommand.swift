import ArgumentParser
import Daemon
import Foundation
import Ledger
import NCTEngine

/// `nctd retry`: failed captures back to work.
struct RetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Put failed captures back to work.",
        usage: "nctd retry [--lab LAB] [FILE...]",
        discussion: "The running daemon takes them up within a second; otherwise the next start does.")

    @OptionGroup var options: LedgerOptions
    @Option(help: ArgumentHelp("Only this lab's.", valueName: "lab")) var lab: String?
    @Argument(help: "Only these captures.", completion: .file()) var files: [FileArgument] = []
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let ledger = try options.ledger(writing: true)
        try await NamedInLedger.check(lab: lab, in: ledger)
        let left = try await options.leftRoots(ledger)
        var ids: [Int64]?
        for file in files {
            guard let found = try await ledger.find(file), let row = found.row else {
                throw UsageError(
                    "\(file.name): the ledger knows no such capture", remedy: "see `nctd failures` for the names")
            }
            if left.contains(where: { $0.id == found.root.id }) {
                throw UsageError("\(file.name) cannot be tried again", remedy: PendingReason.unwatched(found.root))
            }
            let failed = try await ([row] + ledger.pages(of: row)).filter { $0.state == .failed }
            guard !failed.isEmpty else {
                throw UsageError(
                    "\(file.name) has not failed; it is \(row.state.rawValue)",
                    remedy: "see `nctd explain \(file.name)`")
            }
            ids = (ids ?? []) + failed.map(\.id)
        }
        let count = try await ledger.retry(lab: lab, captures: ids, except: left.map(\.id), now: SystemClock().now)
        try await Again(verb: "retried", state: .failed, count: count, left: left).say(in: ledger, lab: lab, json: json)
    }
}

/// What is said once captures are put back to work.
struct Again {
    var verb: String
    /// That they were in.
    var state: CaptureState
    var count: Int
    /// Whose captures stay as they are.
    var left: [RootRow]
    /// Captures that stay as they are because their files are gone; nil where that does not matter.
    var gone: Int?

    func say(in ledger: Ledger, lab: String?, json: Bool) async throws {
        let console = Console.current
        guard !json else {
            return console.say("{\"\(verb)\": \(count)\(gone.map { ", \"gone\": \($0)" } ?? "")}")
        }
        console.say(count.counted("capture is", "captures are") + " pending again")
        sayGone()
        for root in left where lab == nil || root.lab == lab {
            let count = try await ledger.count(.init(state: state, root: root.id))
            guard count > 0 else { continue }
            console.warn("\(count.counted("\(state.rawValue) capture")) left: \(PendingReason.unwatched(root))")
        }
    }
}

extension Again {
    func sayGone() {
        guard let gone, gone > 0 else { return }
        Console.current.warn(
            "\(gone.counted("capture")) left: \(gone == 1 ? "its file is" : "their files are") gone, and "
                + (gone == 1 ? "its result stays" : "their results stay"))
    }
}

extension LedgerOptions {
    /// The roots that nothing is done for any more: by the configuration, or by the ledger where that cannot be read.
    func leftRoots(_ ledger: Ledger) async throws -> [RootRow] {
        let watched = (try? configuration()).map { Set($0.watches.map(\.path)) }
        return try await ledger.roots().filter { root in !(watched?.contains(root.path) ?? root.isWatched) }
    }
}
