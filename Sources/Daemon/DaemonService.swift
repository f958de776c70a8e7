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
        // Those of a process that died in one; and this one has read its configuration.
        try await ledger.setPauses([])
        try await ledger.set(.refusedReload, nil)
        let live = LiveConfiguration(configuration)
        let bell = Doorbell()
        let chores = Doorbell()
        let ownDesks = OwnDesks(processors: parts.processors(configuration, log))
        let heartbeat = notifier.heartbeat
        let pauses = Pauses(clock: parts.clock, log: log, name: live.name(of:))
        let watch = TreeWatch(pauses)
        let memory = MemoryBudget(bytes: configuration.memoryBytes)
        let pool =
            parts.pool
            ?? WorkerPool(
                live, memory: memory, watchdog: parts.manager.watchdog, log: log, program: parts.worker)
        let ledgerWatch = LedgerWatch(
            stateDirectory: configuration.stateDirectory, clock: parts.clock, log: log,
            onLost: { stop.request(because: $0) })
        let learning = LabLearning(
            stateDirectory: configuration.stateDirectory, ledger: ledger, live: live, ownDesks: ownDesks, pool: pool,
            memory: memory, clock: parts.clock, log: log)
        // Not a child of this task: it tells to the end.
        let telling = Task { await notifier.run(ledger, log: log) }
        defer { telling.cancel() }
        let worker = CaptureWorker(
            ledger: ledger, ledgerWatch: ledgerWatch, ownDesks: ownDesks, pool: pool, memory: memory,
            learning: learning, live: live, written: written, pauses: pauses, clock: parts.clock, log: log,
            heartbeat: heartbeat)
        let dispatcher = Dispatcher(
            ledger: ledger, ledgerWatch: ledgerWatch, live: live, worker: worker,
            clock: parts.clock, log: log, bell: bell, heartbeat: heartbeat, pauses: pauses,
            retrySeed: parts.retrySeed)
        let supervisor = RootSupervisor(
            ledger: ledger, live: live,
            intake: Intake(
                ledger: ledger, ledgerWatch: ledgerWatch, live: live, clock: parts.clock, log: log, bell: bell,
                heartbeat: heartbeat),
            parts: parts.roots,
            clock: parts.clock, log: log)
        try await supervisor.apply(configuration)
        watch.replace(live.looks(written))
        watch.start()

        // Not a child of this task: what it writes to the ledger must not be cut short by a cancellation.
        let dispatching = Task { await dispatcher.run() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await self.takeReloads(supervisor, live, ledger, [ownDesks, pool], learning, memory, [bell, chores]) {
                    watch.replace(live.looks(written))
                    pauses.forget(rootsExcept: Set(live.roots.map(\.id)))
                }
            }
            group.addTask { await ledgerWatch.watch(ledger) }
            group.addTask {
                for await rows in pauses.changes { try? await ledger.setPauses(rows) }
            }
            group.addTask {
                await Housekeeping(
                    ledger: ledger, live: live, written: written, clock: self.parts.clock, log: self.log, bell: chores
                ).run()
            }
            group.addTask {
                await Notifier(ledger: ledger, live: live, clock: self.parts.clock, log: self.log).run()
            }
            group.addTask {
                await EngineSurvey(ledger: ledger, written: written, live: live, clock: self.parts.clock).run()
            }
            group.addTask {
                await DeletedCaptures(
                    ledger: ledger, live: live, written: written, inWork: worker.inWork, clock: self.parts.clock,
                    log: self.log
                ).run()
            }
            await stop.wait()
            watch.stop()
            // In a task of its own, which is not cancelled with this one.
            await Task {
                await dispatcher.requestStop()
                await learning.requestStop()
                await dispatching.value
                await dispatcher.drain(grace: self.parts.grace)
                await learning.end(within: 1000)
                await pool.close()
                await supervisor.stop()
            }.value
            group.cancelAll()
        }
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

    private func takeReloads(
        _ supervisor: RootSupervisor, _ live: LiveConfiguration, _ ledger: Ledger, _ desks: [any DeskSource],
        _ learning: LabLearning, _ memory: MemoryBudget, _ bells: [Doorbell],
        onReload: () -> Void
    ) async {
        var files = await Blocking.run { [configuration = live.configuration] in ProfileFiles(configuration) }
        for await _ in reloads {
            notifier.reloading()
            defer { notifier.reloaded() }
            let old = live.configuration
            do {
                let new = try DaemonConfiguration.read(path: old.path)
                if let problem = Self.unchangeable(old, new) {
                    await refuse(old.path, [problem], ledger)
                    continue
                }
                let difference = try await supervisor.apply(new)
                onReload()
                for source in desks { await source.forget() }
                await learning.forget()
                memory.resize(bytes: new.memoryBytes)
                try await ledger.set(.memory, String(new.memoryBytes))
                try await ledger.set(.refusedReload, nil)
                let former = files
                files = await Blocking.run { ProfileFiles(new) }
                var profiles: [DaemonEvent.ChangedProfile] = []
                for (name, profile) in new.profiles.sorted(by: { $0.key < $1.key }) {
                    guard let was = old.profiles[name] else { continue }
                    let changed = files.changes(of: profile, weights: new.weights, since: former)
                    guard was.text != profile.text || !changed.isEmpty else { continue }
                    let results = try await ledger.count(.init(state: .done, profile: name))
                    profiles.append(.init(name: name, files: changed, results: results))
                }
                log.write(
                    .reloaded(
                        added: difference.added, removed: difference.removed, changed: difference.changed,
                        profiles: profiles))
            } catch let error as ConfigurationError {
                await refuse(old.path, error.problems.map(\.description), ledger)
            } catch {
                await refuse(old.path, ["\(error)"], ledger)
            }
            for bell in bells { await bell.ring() }
        }
    }

    private func refuse(_ path: String, _ problems: [String], _ ledger: Ledger) async {
        log.write(.reloadRefused(problems: problems))
        let refused = RefusedReload(path: path, problems: problems, since: Timestamp.text(parts.clock.now.date))
        do {
            try await refused.keep(in: ledger)
        } catch {
            log.write(
                .trouble(
                    "that the configuration was refused could not be entered in the ledger \(ledger.path) (\(error)), so that "
                        + "`nctd status` does not tell; correct the configuration all the same, and reload again"))
        }
    }

    /// What a running daemon cannot change.
    private static func unchangeable(_ old: DaemonConfiguration, _ new: DaemonConfiguration) -> String? {
        guard old.stateDirectory != new.stateDirectory else { return nil }
        return
            "\(new.path): daemon.state_directory: was \(old.stateDirectory) when the daemon started and cannot change "
            + "while it runs; change it back, or restart the daemon"
    }
}
