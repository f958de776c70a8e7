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
            """)

    @OptionGroup var options: LedgerOptions
    @Flag(help: "Print JSON.") var json = false
    @Flag(help: "Print again every two seconds until interrupted.") var watch = false

    func run() async throws {
        let configuration = try? options.configuration()
        let directories = configuration.map { [$0.output.directory, $0.output.quarantineDirectory] } ?? []
        let state = try options.directory()
        let ledger = try options.ledger()
        let console = Console.current
        repeat {
            let report = try await StatusReport(
                ledger, stateDirectory: state, directories: directories, clock: SystemClock())
            if json {
                console.say(String(decoding: try JSONText.encode(report), as: UTF8.self))
            } else {
                report.lines().forEach(console.say)
            }
            if watch {
                try await Task.sleep(for: .seconds(2))
                if !json { console.say("") }
            }
        } while watch && !Console.outputFailed.load(ordering: .relaxed)
    }
}
