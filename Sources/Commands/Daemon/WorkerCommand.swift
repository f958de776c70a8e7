import ArgumentParser
import Daemon

/// `nctd capture-worker`: what the daemon decodes and normalizes captures in.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture-worker", abstract: "Decode and normalize what the daemon passes on standard input.",
        shouldDisplay: false)

    /// The daemon's process.
    @Option var parent: Int32

    func run() throws { WorkerServer.serve(parent: parent) }
}
