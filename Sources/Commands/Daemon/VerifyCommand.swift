import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs
import Ledger
import NCTEngine

/// `nctd verify`: the promises held against what is on the disk.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every result against its sidecar, and the ledger against the tree.",
        discussion:
            """
            It reads every image in the trees of results, and with --captures every capture too. Each problem comes with what \
            can be done about it; `nctd repair` does what it can. Results whose capture is gone are named, and are no problem. \
            EXIT STATUS: 0 nothing is wrong; 1 something is; 2 the trees are not there, or are others.
            """
    )

    @OptionGroup var options: LedgerOptions
    @Option(
        help: ArgumentHelp(
            "The output tree, where the configuration cannot be read; what is held back is looked for in its default "
                + "place.",
            valueName: "directory"),
        completion: .directory)
    var output: String?
    @Flag(help: "Also read every capture that is done, and compare it with what its result was made of.")
    var captures = false
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let configuration = output == nil || captures ? try options.configuration() : nil
        let trees =
            try output.map { ResultTrees(delivered: $0, held: OutputSettings.heldDirectory(beside: $0)) }
            ?? ResultTrees(configuration.map(\.output) ?? options.configuration().output)
        let isRunning = try LedgerLock.holder(stateDirectory: options.directory()) != nil
        let ledger = try options.ledger()
        let directories = [(WrittenTree.output, trees.delivered), (.held, trees.held)]
        try ResultTreesCheck(ledger: ledger, purpose: "verified", isWriting: false)
            .check(directories.map { ($0, String(decoding: $1, as: UTF8.self)) }, isNamed: output != nil)
        let verification = try await TreeVerification(
            ledger, trees: trees, isRunning: isRunning, roots: configuration?.sources, comparing: captures)
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(verification), as: UTF8.self))
        } else {
            for problem in verification.problems {
                console.say("\(problem.file): \(problem.problem); \(problem.remedy)")
            }
            for name in verification.gone ?? [] { console.say("\(name): its capture is gone") }
            for copy in verification.copies { console.say("\(copy): a copy of a result that belongs elsewhere") }
            console.say(
                "\(verification.sound.counted("result is", "results are")) sound, "
                    + "\(verification.done.counted("capture is", "captures are")) done, "
                    + "\(verification.problems.count.counted("problem")), "
                    + "\(verification.copies.count.counted("copy", "copies")) left alone"
                    + (verification.aside > 0 ? ", \(verification.aside.counted("file")) put aside" : "")
                    + (verification.gone.map { $0.isEmpty ? "" : ", \($0.count) of captures that are gone" } ?? "")
                    + (verification.captures.map { ", \($0.counted("capture")) compared" } ?? ""))
        }
        if !verification.problems.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}

extension DaemonConfiguration {
    /// The watched trees' files, by the trees' paths.
    var sources: [String: any CaptureSource] {
        Dictionary(
            watches.map { ($0.path, DirectorySource(root: $0.path, followingLinks: $0.followLinks)) },
            uniquingKeysWith: { first, _ in first })
    }
}
