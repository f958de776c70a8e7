import Config
import Foundation
import Ledger
import Watching

/// Gives pending captures to workers: oldest first inside a lab, the labs in turn, never more than there are workers.
///
/// The queue is the ledger. Only what is in work is in memory, so a backlog of any length costs none.
actor Dispatcher {
    private struct InWork {
        var row: CaptureRow
        var gate: WorkGate
    }

    private let ledger: Ledger
    private let ledgerWatch: LedgerWatch
    private let live: LiveConfiguration
    private let worker: CaptureWorker
    private let clock: any DaemonClock
    private let log: EventLog
    private let bell: Doorbell
    private let heartbeat: Heartbeat
    /// Rung when a work ends, for the one who waits in ``drain(grace:)``; a bell wakes one only.
    private let endBell = Doorbell()
    private let retrySeed: UInt64
    private var inWork: [Int64: InWork] = [:]
    private var lastLab = ""
    private var isStopping = false
    /// Why nothing is begun just now, and when that is looked at again.
    private var pause: (reason: String, until: Int64, wait: Int64)?
    private var finishedSinceStop = 0

    /// How long a change that another process made to the ledger may go unnoticed.
    private static let pollMilliseconds: Int64 = 1000

    init(
        ledger: Ledger, ledgerWatch: LedgerWatch, live: LiveConfiguration, worker: CaptureWorker,
        clock: any DaemonClock, log: EventLog,
        bell: Doorbell, heartbeat: Heartbeat, retrySeed: UInt64
    ) {
        self.ledger = ledger
        self.ledgerWatch = ledgerWatch
        self.live = live
        self.worker = worker
        self.clock = clock
        self.log = log
        self.bell = bell
        self.heartbeat = heartbeat
        self.retrySeed = retrySeed
    }

    /// Works until ``requestStop()`` or until the task is cancelled.
    func run() async {
        defer { heartbeat.dispatcherEnded() }
        while !isStopping, !Task.isCancelled {
            heartbeat.dispatched()
            do {
                let wait = try await step()
                ledgerWatch.succeeded(.reading)
                if wait > 0 { await bell.wait(milliseconds: wait, clock: clock) }
            } catch {
                if ledgerWatch.failed(error, .reading, retryMilliseconds: 1000) { return }
                try? await clock.sleep(milliseconds: 1000)
            }
        }
    }

    /// Begins at most one capture; returns for how many milliseconds there is nothing to do.
    private func step() async throws -> Int64 {
        if inWork.count >= live.configuration.workers || inWork.values.contains(where: { Self.isAlone($0.row) }) {
            return Self.pollMilliseconds
        }
        let now = clock.now
        if let wait = waitForRoom(now) { return wait }
        var soonest = now.milliseconds + Self.pollMilliseconds
        for (lab, roots) in inTurn(live.labs()) {
            guard let due = try await ledger.nextDue(roots: roots) else { continue }
            if due > now.milliseconds {
                soonest = min(soonest, due)
                continue
            }
            guard let row = try await ledger.oldestDue(roots: roots, now: now), let root = live.root(row.root) else {
                continue
            }
            if Self.isAlone(row), !inWork.isEmpty { return Self.pollMilliseconds }
            lastLab = lab
            try await take(row, in: root)
            return 0
        }
        return max(1, soonest - now.milliseconds)
    }

    /// The labs, the one after the last served first.
    private func inTurn(_ labs: [(lab: String, roots: [Int64])]) -> [(lab: String, roots: [Int64])] {
        let start = labs.firstIndex { $0.lab > lastLab } ?? 0
        return Array(labs[start...] + labs[..<start])
    }

    private func waitForRoom(_ now: Moment) -> Int64? {
        if let pause, now.milliseconds < pause.until { return min(pause.until - now.milliseconds, 1000) }
        if let reason = FreeSpaceGuard(live.configuration.output).reasonToPause() {
            begin(pause: reason, wait: 1000, now)
            return 1000
        }
        // After a write that failed, one capture at a time shows whether it goes again.
        if pause != nil, !inWork.isEmpty { return 1000 }
        return nil
    }

    private func begin(pause reason: String, wait: Int64, _ now: Moment) {
        if pause == nil { log.write(.paused(reason: reason)) }
        pause = (reason, now.milliseconds + wait, wait)
    }

    /// Claims a capture and gives it to a worker; its file is not touched before that.
    private func take(_ row: CaptureRow, in root: WatchedRoot) async throws {
        let now = clock.now
        let quietAt = row.observedMilliseconds + root.settings.settle.milliseconds
        guard quietAt <= now.milliseconds else {
            return try await ledger.postpone(row.id, until: quietAt, note: "it is new", now: now)
        }
        FailPoint.beforeAttempt.pass()
        guard let claimed = try await ledger.claim(row.id) else { return }
        guard !isStopping else {
            try await ledger.end(row.id, stamp: row.stamp, .givenBack(note: nil, due: now.milliseconds), now: now)
            return
        }
        let configuration = live.configuration
        let task = CaptureWorker.Task(
            row: claimed, root: root, profiles: configuration.profiles, output: configuration.output,
            limits: configuration.imageLimits, isolation: configuration.isolation,
            retry: RetryPolicy(configuration.retry, seed: retrySeed))
        let gate = WorkGate()
        inWork[row.id] = InWork(row: claimed, gate: gate)
        heartbeat.begin(row.id, name: task.name)
        let worker = worker
        Task {
            let outcome = await worker.work(task, gate: gate)
            await self.ended(row.id, outcome)
        }
    }

    /// True for a capture that is worked on alone: the process died more than once while it was in work, and dies once
    /// more perhaps; no other capture is to be charged with that.
    private static func isAlone(_ row: CaptureRow) -> Bool { row.crashes > 1 }

    private func ended(_ id: Int64, _ outcome: CaptureWorker.Outcome) async {
        heartbeat.end(id)
        if inWork.removeValue(forKey: id) != nil, isStopping, outcome == .ended { finishedSinceStop += 1 }
        note(outcome)
        await bell.ring()
        await endBell.ring()
    }

    private func note(_ outcome: CaptureWorker.Outcome) {
        switch outcome {
        case .outputTrouble(let reason):
            begin(pause: reason, wait: min((pause?.wait ?? 500) * 2, 30_000), clock.now)
        case .ended:
            if pause != nil {
                pause = nil
                log.write(.resumed)
            }
        case .abandoned, .waits: break
        }
    }

    /// Lets ``run()`` return after what it is at; nothing more is begun.
    func requestStop() async {
        isStopping = true
        log.write(.stopping)
        await bell.ring()
    }

    /// Lets what is under way end after ``run()`` returned, and gives back what has not within the grace time.
    ///
    /// A thread that is in the engine cannot be stopped; its capture is given back in the ledger and the process may
    /// end under it, for it writes nothing before its commit.
    func drain(grace milliseconds: Int64) async {
        worker.memory.close()
        let deadline = clock.now.milliseconds + milliseconds
        while !inWork.isEmpty, clock.now.milliseconds < deadline, !ledgerWatch.isLost {
            await endBell.wait(milliseconds: min(100, max(1, deadline - clock.now.milliseconds)), clock: clock)
        }
        let left = inWork.filter { $0.value.gate.abandon() }
        // One transaction for all: another process may hold the ledger, and is waited for once.
        _ = try? await ledger.giveBack(left.map { ($0.key, $0.value.row.stamp) }, now: clock.now)
        for id in left.keys { inWork[id] = nil }
        // Those that commit just now are through in moments.
        let last = clock.now.milliseconds + 1000
        while !inWork.isEmpty, clock.now.milliseconds < last, !ledgerWatch.isLost {
            await endBell.wait(milliseconds: 50, clock: clock)
        }
        log.write(.stopped(finished: finishedSinceStop, givenBack: left.count))
    }
}
