import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs

/// `nctd verify`: the promises held against what is on the disk.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check every result against its sidecar, and the ledger against the tree.",
        discussion: "It reads every image in the trees of results. EXIT STATUS: 0 nothing is wrong; 1 something is.")

    @OptionGroup var options: LedgerOptions
    @Option(
        help: ArgumentHelp(
            "The output tree, where the configuration cannot be read; what is held back is looked for in its default "
                + "place.",
            valueName: "directory"),
        completion: .directory)
    var output: String?
    @Flag(help: "Print JSON.") var json = false

    func run() async throws {
        let trees =
            try output.map { ResultTrees(delivered: $0, held: OutputSettings.heldDirectory(beside: $0)) }
            ?? ResultTrees(options.configuration().output)
        let verification = try await TreeVerification(options.ledger(), trees: trees)
        let console = Console.current
        if json {
            console.say(String(decoding: try JSONText.encode(verification), as: UTF8.self))
        } else {
            for problem in verification.problems { console.say("\(problem.file): \(problem.problem)") }
            for copy in verification.copies { console.say("\(copy): a copy of a result that belongs elsewhere") }
            console.say(
                "\(verification.sound) results are sound, \(verification.done) captures are done, "
                    + "\(verification.problems.count) problems, \(verification.copies.count) copies left alone")
        }
        if !verification.problems.isEmpty { throw ExitCode(ExitStatus.someFailed) }
    }
}
