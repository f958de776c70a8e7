import ArgumentParser
import Config
import Daemon
import Foundation
import Jobs
import Ledger
import Logging
import NCTEngine
import ServiceLifecycle
import SystemdBridge
import UnixSignals
import Watching

/// `nctd run`: the daemon, in the foreground.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Watch, normalize and account for every capture, until stopped.",
        discussion: """
            Watches the trees that the configuration names, normalizes each new capture with its lab's profile, and \
            writes results and sidecars to the output tree. The watched trees are only read.

            SIGTERM and SIGINT stop it: what is under way is finished or given back. SIGHUP reads the configuration \
            again. Events go to the journal, each with its fields, if that is where standard error leads; else to \
            standard error, one line each.
            """)

    @Option(
        help: ArgumentHelp("The configuration.", valueName: "file"), completion: .file(extensions: ["toml"]))
    var config = DaemonConfiguration.defaultPath

    @Option(
        help: ArgumentHelp("The least important events to write: debug, info, warning or error.", valueName: "level"))
    var logLevel = "info"

    func validate() throws {
        guard Logger.Level(rawValue: logLevel) != nil else {
            throw ValidationError("--log-level \(logLevel) is unknown; use debug, info, warning or error")
        }
    }

    func run() async throws {
        // A worker that dies closes its socket, and whoever read the log may leave: errors, not the end of the daemon.
        signal(SIGPIPE, SIG_IGN)
        let configuration = try DaemonConfiguration.read(path: config)
        let console = Console.current
        let level = Logger.Level(rawValue: logLevel) ?? .info
        let text = EventLog(Logger(label: "nctd") { _ in TextLogHandler(level: level, write: console.err) })
        let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"]
        let log = JournalStream.isJournal(variable: stream) ? .journal(level: level, fallback: text) : text
        let service = DaemonService(
            configuration: configuration, version: ProgramVersion.text, parts: Self.parts, log: log)
        var settings = ServiceGroupConfiguration(
            services: [.init(service: service, successTerminationBehavior: .gracefullyShutdownGroup)],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Logger(label: "nctd.services") { _ in SwiftLogNoOpLogHandler() })
        settings.maximumGracefulShutdownDuration = .seconds(20)
        let group = ServiceGroup(configuration: settings)
        let reloads = await UnixSignalsSequence(trapping: .sighup)
        let reloading = Task { for await _ in reloads { service.requestReload() } }
        defer { reloading.cancel() }
        try await group.run()
        Self.endAtOnce()
    }

    /// A step of learning that was given up may still be within a library whose exit handlers take its memory away; what
    /// counts is written.
    private static func endAtOnce() -> Never {
        fflush(nil)
        _exit(0)
    }

    private static var parts: DaemonService.Parts {
        let manager = SystemdManager()
        return DaemonService.Parts(
            roots: RootParts(
                watcher: { makeWatcher(for: $0, hub: .shared, remembered: $1) },
                source: { DirectorySource(root: $0.path, followingLinks: $0.followLinks) },
                ignoringRule: { settings in
                    let filter = try CaptureFilter(settings: settings)
                    return { filter.ignoringRule($0) }
                }),
            processors: { configuration, log in
                if let standIn = CopyingShelf(environment: ProcessInfo.processInfo.environment) {
                    log.write(.testEngine)
                    return standIn
                }
                return EngineShelf(
                    weights: configuration.weights, threads: configuration.threads, cache: configuration.cache, log: log
                )
            }, manager: manager, onStop: endInTime)
    }

    /// Ends the process 9.5 s from now, whatever it is at: a share that does not answer, or another process that holds
    /// the ledger, keeps no stop from its ten seconds. A capture that is then in work is taken up by the next start.
    private static func endInTime() {
        DispatchQueue(label: "nctd.stop", qos: .userInitiated).asyncAfter(deadline: .now() + 9.5) { _exit(0) }
    }
}
