import ArgumentParser
import Daemon
import Foundation
import Jobs
import Ledger

/// `nctd status`: every capture accounted for.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Tell where the daemon's captures stand.",
        discussion: """
            For each watched root: captures seen, done, failed, pending and ignored (seen is the sum of the others), \
            the next in line, and the last that ended. It reads the ledger, whether or not the daemon is running.

            Results that another engine than this program's made are counted, with the command that makes them again. \
            --disk counts what each lab's results take of the disk, which looks at every file.

            For monitoring, --check exits with 1 if something needs a person (the daemon is not running, a tree is away, \
            full or not well, a part of a watched tree cannot be read, a profile cannot be prepared, a reload was \
            refused), and with 2 if the ledger cannot be read. Captures that failed do not count: see `nctd failures`.
            """)

    @OptionGroup var options: LedgerOptions
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Exit with 1 if something needs a person.") var check = false
    @Flag(help: "Count what each lab's results take of the disk.") var disk = false
    @Flag(help: "Print again every two seconds until interrupted.") var watch = false

    func validate() throws {
        guard check, watch else { return }
        throw ValidationError("--check ends at once and --watch does not end; give one of them")
    }

    func run() async throws {
        let state = try options.directory()
        let ledger = try options.ledger()
        // From the ledger, for the configuration's own check looks at every tree, and one may not answer.
        let directories = try ledger.trees().keys.sorted()
        let trees = try disk ? ResultTrees(options.configuration().output) : nil
        let console = Console.current
        repeat {
            let report = try await StatusReport(
                ledger, stateDirectory: state, directories: directories,
                disk: trees.map(DiskUse.init), waiting: options.pendingReason(ledger), clock: SystemClock())
            if json {
                console.say(String(decoding: try JSONText.encode(report), as: UTF8.self))
            } else {
                report.lines().forEach(console.say)
            }
            if check, !report.needsPerson.isEmpty { throw ExitCode(ExitStatus.someFailed) }
            if watch {
                try await Task.sleep(for: .seconds(2))
                if !json { console.say("") }
            }
        } while watch && !Console.outputFailed.load(ordering: .relaxed)
    }
}
