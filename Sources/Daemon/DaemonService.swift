import Config
import Foundation
import Jobs
import Ledger
import ServiceLifecycle
import Watching

/// The daemon as a service: runs until it is asked to shut down, and then finishes or gives back what is under way.
public final class DaemonService: Service {
    /// What the daemon is made of, so that tests can put in their own.
    public struct Parts: Sendable {
        public var roots: RootParts
        public var processors: @Sendable (DaemonConfiguration, EventLog) -> any ProcessorSource
        /// In place of processes of their own, for captures that are worked on apart from the daemon.
        package var pool: (any DeskSource)?
        /// The program that works as a process of its own.
        package var worker = WorkerSpawner.program
        public var clock: any DaemonClock
        public var boot: String
        public var retrySeed: UInt64
        /// Told when the daemon is ready, reloads, stops, and that it is alive.
        public var manager: any ServiceManager
        /// Between the moment of the request to stop and giving captures back, milliseconds.
        public var grace: Int64
        /// Called once a stop was asked for. The program arms a timer with it that ends the process whatever it is at:
        /// what a dead share, or another process that holds the ledger, keeps from ending loses nothing by that.
        public var onStop: @Sendable () -> Void

        public init(
            roots: RootParts,
            processors: @escaping @Sendable (DaemonConfiguration, EventLog) -> any ProcessorSource,
            clock: any DaemonClock = SystemClock(), boot: String = SystemClock.boot,
            retrySeed: UInt64 = .random(in: 0 ... .max),
            manager: any ServiceManager = NoServiceManager(), grace: Int64 = 6000,
            onStop: @escaping @Sendable () -> Void = {}
        ) {
            self.roots = roots
            self.processors = processors
            self.clock = clock
            self.boot = boot
            self.retrySeed = retrySeed
            self.manager = manager
            self.grace = grace
            self.onStop = onStop
        }
    }

    private let configuration: DaemonConfiguration
    private let parts: Parts
    private let log: EventLog
    private let notifier: ServiceNotifier
    private let version: String
    /// Each element asks for the configuration to be read anew.
    private let reloads: AsyncStream<Void>
    private let reload: AsyncStream<Void>.Continuation

    public init(configuration: DaemonConfiguration, version: String, parts: Parts, log: EventLog) {
        self.configuration = configuration
        self.parts = parts
        let notifier = ServiceNotifier(manager: parts.manager, clock: parts.clock)
        self.notifier = notifier
        self.log = EventLog { event in
            log.write(event)
            notifier.observe(event)
        }
        self.version = version
        (reloads, reload) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks for the configuration to be read anew; returns at once.
    public func requestReload() { reload.yield() }

    /// Runs the daemon.
    ///
    /// Throws ``LedgerError`` if the state directory is held by another daemon or cannot be used, or once the ledger is
    /// of no more use.
    public func run() async throws {
        let stop = StopRequest(onStop: parts.onStop)
        try await withGracefulShutdownHandler {
            try await withTaskCancellationHandler {
                try await run(until: stop)
            } onCancel: {
                stop.request()
            }
        } onGracefulShutdown: {
            stop.request()
        }
    }

    private func run(until stop: StopRequest) async throws {
        guard let state = try await claimState(until: stop) else { return }
        let lock = try LedgerLock(stateDirectory: configuration.stateDirectory)
        defer { withExtendedLifetime(lock) {} }
        log.write(.started(version: version, processID: getpid(), configuration: configuration.path))
        let (ledger, written) = try await LedgerRecovery(
            configuration: configuration, clock: parts.clock, boot: parts.boot, log: log, state: state
        ).open(isStopping: { stop.isRequested })
        try await ledger.set(.memory, String(configuration.memoryBytes))
        // Those of a process that died in one.
        try await ledger.setPauses([])
        let daemon = RunningDaemon(
            configuration, parts, ledger, written, reloads: reloads, stop: stop, log: log, notifier: notifier)
        // Not a child of this task: it tells to the end.
        let telling = Task { await notifier.run(ledger, log: log) }
        defer { telling.cancel() }
        try await daemon.run(configuration, until: stop)
        telling.cancel()
        await telling.value
        if let error = stop.error { throw error }
        try ledger.close()
    }

    /// Waits until the state directory is there; returns its id, or nil if a stop came first.
    private func claimState(until stop: StopRequest) async throws -> String? {
        var told: String?
        while !stop.isRequested {
            do {
                let state = StateDirectory(configuration: configuration)
                return try await Blocking.run { try state.claim() }
            } catch let error as TreeError where error.code != ENODEV {
                throw LedgerError(
                    .unusable, error.message, path: error.path,
                    remedy: "make the state directory writable for the user that the daemon runs as")
            } catch {
                if told == nil { log.write(.paused(what: WrittenTree.state.title, reason: "\(error)")) }
                told = "\(error)"
                try await parts.clock.sleep(milliseconds: 2000)
            }
        }
        return nil
    }
}
