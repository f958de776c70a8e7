import ArgumentParser
import Config
import Foundation
import Jobs
import Ledger

/// The command `nctd`.
public struct NCTDCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "nctd",
        abstract: "Normalize the colors of blood smear images.",
        discussion: """
            A detector trained on one lab's smears does worse on another's, whose stain, light and camera differ. nctd \
            repaints a capture in the colors of a reference image by neural color transfer, leaving its cells as they \
            are.

            Try it on synthetic smears, with no data at all:
              nctd demo

            Normalize captures to the colors of one to three references:
              nctd normalize captures/ --reference lab-a-1.png --reference lab-a-2.png

            Let nctd choose the references from the training lab's images, then use them:
              nctd profile suggest lab-a/train --copy . --output lab-a.toml
              nctd normalize captures/ --profile lab-a.toml --output normalized

            \(ExitStatus.help)

            Shell completions: nctd --generate-completion-script bash|zsh|fish
            """,
        version: "nctd \(ProgramVersion.text)",
        subcommands: [
            NormalizeCommand.self, CompareCommand.self, ProfileCommand.self, DiffCommand.self, DemoCommand.self,
            SegmentCommand.self,
            RestainCommand.self, PhantomCommand.self, WorkerCommand.self,
        ],
        groupedSubcommands: [
            CommandGroup(
                name: "Daemon",
                subcommands: [
                    RunCommand.self, CheckCommand.self, StatusCommand.self, ListCommand.self, FailuresCommand.self,
                    RetryCommand.self, ReprocessCommand.self, ExplainCommand.self, VerifyCommand.self,
                    RepairCommand.self, MoveRootCommand.self, ForgetCommand.self, ReportCommand.self,
                ])
        ])

    public init() {}

    /// Runs a command line (without the program's name) and returns the exit code.
    public static func run(_ arguments: [String], console: Console = .standard) async -> Int32 {
        await Console.$current.withValue(console) {
            let status = await perform(arguments, console)
            guard status == 0, Console.outputFailed.load(ordering: .relaxed) else { return status }
            console.warn("standard output could not be written; check the disk or the pipe behind it")
            return ExitStatus.someFailed
        }
    }

    private static func perform(_ arguments: [String], _ console: Console) async -> Int32 {
        do {
            try CommandLineCheck.run(arguments)
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            return 0
        } catch let code as ExitCode {
            return code.rawValue
        } catch let error as UsageError {
            console.warn(error.description)
            return ExitStatus.wrongUsage
        } catch let error as ConfigurationError {
            error.problems.forEach { console.warn($0.description) }
            return ExitStatus.wrongUsage
        } catch let error as RunError {
            console.warn(error.description)
            return ExitStatus.someFailed
        } catch let error as JobFailure {
            console.warn(error.description)
            return ExitStatus.someFailed
        } catch {
            let code = exitCode(for: error)
            if code.isSuccess {
                console.say(fullMessage(for: error))
                return 0
            }
            // What the parser of the command line throws tells its usage by itself.
            if code == .validationFailure {
                console.tell(fullMessage(for: error))
            } else if let error = LedgerError(explaining: error) {
                console.warn(error.description)
            } else {
                console.warn(
                    "\(SystemError.text(error)); see that what the command names is there and may be used by whoever runs "
                        + "this")
                return ExitStatus.someFailed
            }
            return ExitStatus.wrongUsage
        }
    }
}
