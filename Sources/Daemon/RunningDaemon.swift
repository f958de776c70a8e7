import Config
import Ledger
import ServiceLifecycle
import Watching

/// What a daemon consists of once its ledger is open, how the parts are wired, and in which order they begin and end.
struct RunningDaemon {
    private let live: LiveConfiguration
    private let written: WrittenTrees
    private let watch: TreeWatch
    private let learning: LabLearning
    private let pool: any DeskSource
    private let dispatcher: Dispatcher
    private let supervisor: RootSupervisor
    /// Milliseconds.
    private let grace: Int64
    /// What runs beside the dispatcher, until it is cancelled.
    private let services: [any Service]
    private let log: EventLog

    init(
        _ configuration: DaemonConfiguration, _ parts: DaemonService.Parts, _ ledger: Ledger, _ written: WrittenTrees,
        reloads: AsyncStream<Void>, stop: StopRequest, log: EventLog, notifier: ServiceNotifier
    ) {
        let (clock, heartbeat) = (parts.clock, notifier.heartbeat)
        let live = LiveConfiguration(configuration)
        let (bell, chores) = (Doorbell(), Doorbell())
        let pauses = Pauses(clock: clock, log: log, name: live.name(of:))
        let watch = TreeWatch(pauses)
        let memory = MemoryBudget(bytes: configuration.memoryBytes)
        let ownDesks = OwnDesks(processors: parts.processors(configuration, log))
        let pool =
            parts.pool
            ?? WorkerPool(live, memory: memory, watchdog: parts.manager.watchdog, log: log, program: parts.worker)
        let ledgerWatch = LedgerWatch(
            stateDirectory: configuration.stateDirectory, clock: clock, log: log,
            onLost: { stop.request(because: $0) })
        let learning = LabLearning(
            stateDirectory: configuration.stateDirectory, ledger: ledger, live: live, ownDesks: ownDesks, pool: pool,
            memory: memory, clock: clock, log: log)
        let worker = CaptureWorker(
            ledger: ledger, ledgerWatch: ledgerWatch, ownDesks: ownDesks, pool: pool, memory: memory,
            learning: learning, live: live, written: written, pauses: pauses, clock: clock, log: log,
            heartbeat: heartbeat)
        let supervisor = RootSupervisor(
            ledger: ledger, live: live,
            intake: Intake(
                ledger: ledger, ledgerWatch: ledgerWatch, live: live, clock: clock, log: log, bell: bell,
                heartbeat: heartbeat),
            parts: parts.roots, clock: clock, log: log)
        dispatcher = Dispatcher(
            ledger: ledger, ledgerWatch: ledgerWatch, live: live, worker: worker, clock: clock, log: log, bell: bell,
            heartbeat: heartbeat, pauses: pauses, retrySeed: parts.retrySeed)
        services = [
            Reloads(
                requests: reloads, ledger: ledger, live: live, supervisor: supervisor, desks: [ownDesks, pool],
                learning: learning, memory: memory, bells: [bell, chores], log: log, notifier: notifier,
                onReload: {
                    watch.replace(live.looks(written))
                    pauses.forget(rootsExcept: Set(live.roots.map(\.id)))
                }),
            PauseRecord(pauses: pauses, ledger: ledger),
            Housekeeping(ledger: ledger, live: live, written: written, clock: clock, log: log, bell: chores),
            Notifier(ledger: ledger, live: live, clock: clock, log: log),
            EngineSurvey(ledger: ledger, written: written, live: live, clock: clock),
            DeletedCaptures(
                ledger: ledger, live: live, written: written, inWork: worker.inWork, clock: clock, log: log),
        ]
        (self.live, self.written, self.watch, self.learning, self.pool) = (live, written, watch, learning, pool)
        (self.supervisor, grace, self.log) = (supervisor, parts.grace, log)
    }

    /// Returns once a stop was asked for and what was under way has ended or was given back.
    func run(_ configuration: DaemonConfiguration, until stop: StopRequest) async throws {
        try await supervisor.apply(configuration)
        watch.replace(live.looks(written))
        watch.start()
        // Not a child of this task: what it writes to the ledger must not be cut short by a cancellation.
        let dispatching = Task { await dispatcher.run() }
        await withTaskGroup(of: Void.self) { group in
            for service in services {
                group.addTask {
                    do { try await service.run() } catch { log.write(.trouble("a part of the daemon ended: \(error)")) }
                }
            }
            await stop.wait()
            watch.stop()
            // In a task of its own, which is not cancelled with this one.
            await Task {
                await dispatcher.requestStop()
                await learning.requestStop()
                await dispatching.value
                await dispatcher.drain(grace: grace)
                await learning.end(within: 1000)
                await pool.close()
                await supervisor.stop()
            }.value
            group.cancelAll()
        }
    }
}
