import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs
import Ledger
import NCTEngine
import Watching

/// `nctd repair`: what `nctd verify` finds, put in order.
struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Have damaged and missing results made again, and put aside what belongs to no capture.",
        usage: "nctd repair [--captures] [--dry-run] [FILE...]",
        discussion: """
            Without FILE all that `nctd verify` finds. Results whose image or sidecar is missing or was changed are made \
            again by the daemon; a damaged file is put aside beside the new one as NAME.png.aside1, and is not a version. \
            Images without a sidecar that belong to no capture any more are put aside likewise. Nothing is removed but \
            hidden files that a process which died had half written. The daemon may be running.

            What cannot be repaired, such as the result of a capture that is gone, is reported. EXIT STATUS: 0 nothing is \
            left; 1 something is.
            """)

    @OptionGroup var options: LedgerOptions
    @Argument(help: "Only these captures or results.", completion: .file()) var files: [FileArgument] = []
    @Flag(help: "Also read every capture that is done, and have those done again whose bytes changed.")
    var captures = false
    @Flag(help: "Only say what would be done.") var dryRun = false
    @Flag(help: "Print JSON.") var json = false

    private struct Report: Codable {
        var repaired: Int
        /// Their captures were pending already.
        var inHand: Int
        var left: Int
        var problems: [TreeRepair.Outcome]

        init(_ outcomes: [TreeRepair.Outcome]) {
            repaired = outcomes.count { $0.repaired }
            inHand = outcomes.count { $0.inHand }
            left = outcomes.count - repaired - inHand
            problems = outcomes
        }
    }

    func run() async throws {
        let configuration = try options.configuration()
        let ledger = try options.ledger(writing: !dryRun)
        try ResultTreesCheck(ledger: ledger, purpose: "repaired", isWriting: true)
            .check([.output, .held].map { ($0, $0.directory(configuration)) })
        let trees = ResultTrees(configuration.output)
        let isRunning = try LedgerLock.holder(stateDirectory: options.directory()) != nil
        let found: TreeVerification
        if files.isEmpty {
            found = try await TreeVerification(
                ledger, trees: trees, isRunning: isRunning, roots: configuration.sources, comparing: captures)
        } else {
            found = try await TreeVerification(
                of: try await named(in: ledger, trees), ledger, trees: trees, isRunning: isRunning,
                roots: configuration.sources)
        }
        let outcomes = try await TreeRepair(ledger, trees: trees, isRunning: isRunning)
            .run(found.problems, isDry: dryRun, now: SystemClock().now)
        let report = Report(outcomes)
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(report), as: UTF8.self))
        } else {
            for outcome in outcomes { console.say("\(outcome.file): \(outcome.problem); \(outcome.outcome)") }
            console.say(
                outcomes.isEmpty
                    ? "\(found.sound.counted("result is", "results are")) sound; there is nothing to repair"
                    : "\(outcomes.count.counted("problem")): \(report.repaired) repaired, "
                        + (report.inHand > 0 ? "\(report.inHand) in hand, " : "") + "\(report.left) left")
        }
        if report.left > 0 { throw ExitCode(ExitStatus.someFailed) }
    }

    /// What the files are: captures that are done, or results.
    private func named(in ledger: Ledger, _ trees: ResultTrees) async throws -> [TreeVerification.Named] {
        var named: [TreeVerification.Named] = []
        for file in files {
            if let result = Self.result(file, trees) {
                guard try await result.isResult(in: trees, ledger) else {
                    throw UsageError(
                        "\(file.name) is no result: no image lies there, and no capture has its result there",
                        remedy: "see `nctd verify` for the files, and `nctd list` for the captures")
                }
                named.append(result)
                continue
            }
            guard let found = try await ledger.find(file), let row = found.row else {
                throw UsageError(
                    "\(file.name) is neither a capture that the ledger knows nor a file of the output",
                    remedy: "see `nctd list` for the captures, and `nctd verify` for the files")
            }
            let done = try await ([row] + ledger.pages(of: row)).filter { $0.state == .done }
            guard !done.isEmpty else {
                throw UsageError(
                    "\(file.name) has no result to repair; it is \(row.state.rawValue)",
                    remedy: "see `nctd explain \(file.name)`"
                        + (row.state == .failed ? "; `nctd retry` tries it again" : ""))
            }
            named += done.map { .capture($0, found.root) }
        }
        return named
    }

    private static func result(_ file: FileArgument, _ trees: ResultTrees) -> TreeVerification.Named? {
        for tree in ResultTrees.Tree.allCases {
            let directory = trees.directory(tree) + [UInt8(ascii: "/")]
            for path in file.absolutePaths where path.starts(with: directory) {
                let name = Array(path.dropFirst(directory.count))
                return .result(SidecarName.image(of: name) ?? name, in: tree)
            }
        }
        return nil
    }
}
