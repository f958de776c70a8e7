import Config
import Foundation
import Jobs

/// Desks in processes of their own, one capture at a time each. A worker lives long and serves one profile, and one state
/// of what was learned; it is started at the first capture that needs it.
///
/// As many are in work as captures are; idle ones are kept for their next capture up to a number, those that were used
/// last.
package actor WorkerPool: DeskSource {
    private struct Key: Hashable {
        var profile: String
        var path: String
        var learned: WorkerStart.Learned
    }

    private let live: LiveConfiguration
    private let memory: MemoryBudget
    /// Of the service manager, which ends the daemon if one step takes half of it.
    private let watchdog: Duration?
    private let log: EventLog
    private let program: String
    /// The one used last is the last.
    private var idle: [(key: Key, worker: Worker)] = []
    private var prepared: Set<Key> = []
    /// What could not be prepared just now: a lab's backlog is not to start a process for each of its captures.
    private var unusable: [Key: (failure: JobFailure, until: ContinuousClock.Instant)] = [:]
    /// Counts how often all was forgotten.
    private var generation = 0
    /// The processes there are.
    package var processes: [pid_t] { all.values.map(\.id) }

    private var all: [ObjectIdentifier: WorkerProcess] = [:]
    private var isClosed = false

    /// - Parameter program: that is a worker.
    package init(
        _ live: LiveConfiguration, memory: MemoryBudget, watchdog: Duration? = nil, log: EventLog,
        program: String = WorkerSpawner.program
    ) {
        self.program = program
        self.live = live
        self.memory = memory
        self.watchdog = watchdog
        self.log = log
    }

    /// How long one answer may take.
    private var limit: Duration {
        let limit = live.configuration.stepLimit
        return watchdog.map { min(limit, $0 * 2 / 5) } ?? limit
    }

    /// Idle workers that are kept: one for each that may be in work, and one for each lab.
    private var mostIdle: Int { live.configuration.workers + live.configuration.watches.count }

    /// A worker that is ready, and what it said of its engine.
    package struct Worker: Sendable {
        var process: WorkerProcess
        var identity: EngineIdentity
        var generation = 0

        package init(process: WorkerProcess, identity: EngineIdentity, generation: Int = 0) {
            (self.process, self.identity, self.generation) = (process, identity, generation)
        }
    }

    package func desk(for profile: Profile, learned: LearnedColors) async throws -> any CaptureDesk {
        guard !isClosed else { throw AttemptError.abandoned }
        let key = Key(profile: profile.text, path: profile.path ?? "", learned: WorkerStart.Learned(learned))
        while let index = idle.lastIndex(where: { $0.key == key }) {
            let worker = idle.remove(at: index).worker
            if worker.process.isThere { return desk(worker, key) }
            log.write(.workerLost(file: nil, reason: WorkerLoss.idleText(worker.process.end())))
            forget(worker.process)
        }
        if let known = unusable[key], ContinuousClock.now < known.until { throw known.failure }
        do {
            let worker = try await startAgain(key, profile)
            unusable[key] = nil
            return desk(worker, key)
        } catch let failure as JobFailure {
            unusable[key] = (failure, .now + .seconds(5))
            throw failure
        }
    }

    package func forget() {
        generation += 1
        prepared = []
        unusable = [:]
        for (_, worker) in idle { forget(worker.process) }
        idle = []
    }

    package func close() async {
        isClosed = true
        for process in all.values { process.end() }
        all = [:]
        idle = []
    }

    private func desk(_ worker: Worker, _ key: Key) -> WorkerDesk {
        WorkerDesk(worker, limit: limit) { await self.takeBack(worker, key, isSound: $0) }
    }

    /// Starts a worker; one that a signal ended while it prepared the engine is replaced at once, as often as a capture may
    /// cost workers.
    private func startAgain(_ key: Key, _ profile: Profile) async throws -> Worker {
        for _ in 1..<CaptureWorker.mostWorkers {
            do {
                return try await start(key, profile)
            } catch let loss as WorkerLoss {
                guard !isClosed else { throw AttemptError.abandoned }
                guard case .died = loss else { throw Self.failure(loss, profile) }
                log.write(.preparingLost(profile: profile.name, reason: loss.text))
            }
        }
        do {
            return try await start(key, profile)
        } catch let loss as WorkerLoss {
            throw Self.failure(loss, profile)
        }
    }

    /// What is said of a profile whose preparing cost a worker: no capture was seen yet.
    private static func failure(_ loss: WorkerLoss, _ profile: Profile) -> any Error {
        if case .unavailable = loss { return loss }
        return JobFailure(
            profile.subject, cause: "the process that prepares it \(loss.text)",
            remedy: "see whether the machine has enough memory; it is tried again")
    }

    private func start(_ key: Key, _ profile: Profile) async throws -> Worker {
        let generation = generation
        let process = try await WorkerProcess.start(program)
        all[ObjectIdentifier(process)] = process
        let configuration = live.configuration
        let start = WorkerStart(
            profile: key.profile, path: key.path, learned: key.learned, weights: configuration.weights,
            threads: configuration.threads, cache: configuration.cache.path, memory: memory.total)
        let limit = limit
        do {
            switch try await Blocking.run({ try process.ask(start, within: limit).reply }) {
            case .ready(let identity, let extractor, let notices):
                if prepared.insert(key).inserted || !notices.isEmpty {
                    log.write(.profilePrepared(profile: profile.name, features: extractor, notices: notices))
                }
                return Worker(process: process, identity: identity, generation: generation)
            case .unusable(let failure): throw failure
            default: throw process.reject("another answer than to its start")
            }
        } catch {
            forget(process)
            throw error
        }
    }

    private func takeBack(_ worker: Worker, _ key: Key, isSound: Bool) {
        guard isSound, !isClosed, worker.generation == generation else { return forget(worker.process) }
        idle.append((key, worker))
        while idle.count > mostIdle { forget(idle.removeFirst().worker.process) }
    }

    private func forget(_ process: WorkerProcess) {
        process.end()
        all[ObjectIdentifier(process)] = nil
    }
}

extension WorkerLoss: CustomStringConvertible {
    public var description: String { "the process that worked on it \(text)" }

    /// What became of it, as the end of a sentence that begins with it.
    public var text: String {
        switch self {
        case .died(let signal): "died by signal \(signal) (\(Self.name(signal)))"
        case .ended(let status): "ended by itself with status \(status)"
        case .late(let seconds): "was ended, for one step took longer than the \(seconds) s that it may take"
        case .garbled(let what): "answered what makes no sense: \(what)"
        case .unavailable(let reason): "could not be had: \(reason)"
        }
    }

    /// Of one that had no capture, from its status.
    static func idleText(_ status: Int32) -> String {
        (status & 0x7F == 0 ? WorkerLoss.ended(status: status >> 8 & 0xFF) : .died(signal: status & 0x7F)).text
    }

    private static func name(_ signal: Int32) -> String {
        strsignal(signal).map { String(cString: $0) } ?? "unknown"
    }
}
