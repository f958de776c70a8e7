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
    private let pauses: Pauses
    private let retrySeed: UInt64
    private var inWork: [Int64: InWork] = [:]
    private var lastLab = ""
    private var isStopping = false
    private var finishedSinceStop = 0

    /// Captures of a lab that wait for memory from which on no others of it are looked at, so that a backlog of large ones
    /// is not read from end to end for nothing.
    private static let mostWaiting = 32

    /// How long a change that another process made to the ledger may go unnoticed.
    private static let pollMilliseconds: Int64 = 1000

    init(
        ledger: Ledger, ledgerWatch: LedgerWatch, live: LiveConfiguration, worker: CaptureWorker,
        clock: any DaemonClock, log: EventLog,
        bell: Doorbell, heartbeat: Heartbeat, pauses: Pauses, retrySeed: UInt64
    ) {
        self.ledger = ledger
        self.ledgerWatch = ledgerWatch
        self.live = live
        self.worker = worker
        self.clock = clock
        self.log = log
        self.bell = bell
        self.heartbeat = heartbeat
        self.pauses = pauses
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
        let moving = inWork.filter { !standsStill($0.key, $0.value.row) }
        if moving.count >= live.configuration.workers || moving.values.contains(where: { Self.isAlone($0.row) }) {
            return Self.pollMilliseconds
        }
        let now = clock.now
        pauses.endUntriedProfiles()
        switch pauses.verdict(on: Self.shared) {
        case .closed(let until): return min(max(1, until - now.milliseconds), Self.pollMilliseconds)
        case .trying where !moving.isEmpty: return Self.pollMilliseconds
        default: break
        }
        let labs = live.labs().map { (lab: $0.lab, roots: $0.roots.filter(mayBegin)) }.filter { !$0.roots.isEmpty }
        if let wait = try await takeExpected(labs.flatMap(\.roots), besides: moving.count) { return wait }
        let room = worker.memory.room
        var soonest = now.milliseconds + Self.pollMilliseconds
        for (lab, roots) in inTurn(labs) {
            let fits = Ledger.Fit(
                memory: room, isKnown: try await ledger.waitForMemory(roots: roots, atLeast: Self.mostWaiting))
            guard let due = try await ledger.nextDue(roots: roots, fitting: fits) else { continue }
            if due > now.milliseconds {
                soonest = min(soonest, due)
                continue
            }
            guard let row = try await ledger.oldestDue(roots: roots, fitting: fits, now: now),
                let root = live.root(row.root)
            else { continue }
            if Self.isAlone(row), !moving.isEmpty { return Self.pollMilliseconds }
            var share: MemoryBudget.Share?
            if let bytes = row.memory {
                share = try? worker.memory.take(bytes)
                if share == nil { continue }
            }
            lastLab = lab
            try await take(row, in: root, share)
            return 0
        }
        return max(1, soonest - now.milliseconds)
    }

    /// Gives the place to the capture that has waited longest for memory, and begins it if there is enough.
    ///
    /// - Parameter moving: captures in work that hold a place.
    /// - Returns: for how many milliseconds nothing else is to be begun; nil where others may be.
    private func takeExpected(_ roots: [Int64], besides moving: Int) async throws -> Int64? {
        let row = try await ledger.longestWaitingForMemory(roots: roots)
        worker.memory.expect(row.map { ($0.id, $0.memory ?? 0) })
        guard let row, let root = live.root(row.root) else { return nil }
        if Self.isAlone(row), moving > 0 {
            return worker.memory.free >= row.memory ?? 0 ? Self.pollMilliseconds : nil
        }
        do {
            let share = try worker.memory.take(row.memory ?? 0, for: row.id)
            try await take(row, in: root, share)
        } catch MemoryBudget.Refusal.tooLarge {
            // The budget has become smaller. Its attempt says so.
            try await take(row, in: root, nil)
        } catch is MemoryBudget.Refusal {
            return nil
        }
        return 0
    }

    /// The labs, the one after the last served first.
    private func inTurn(_ labs: [(lab: String, roots: [Int64])]) -> [(lab: String, roots: [Int64])] {
        let start = labs.firstIndex { $0.lab > lastLab } ?? 0
        return Array(labs[start...] + labs[..<start])
    }

    /// What all captures need.
    private static let shared: [Pauses.Place] = [.machine, .tree(.output), .tree(.held), .tree(.quarantine)]

    /// Whether a capture of a root may be begun, as far as the root's own troubles go.
    private func mayBegin(in root: Int64) -> Bool {
        switch pauses.verdict(on: [.root(root)]) {
        case .open: true
        case .trying: !inWork.values.contains { $0.row.root == root }
        case .closed: false
        }
    }

    /// True for a capture whose root does not answer: it takes no other one's place.
    private func standsStill(_ id: Int64, _ row: CaptureRow) -> Bool {
        guard pauses.isSilent(.root(row.root)) else { return false }
        heartbeat.waits(id, for: "its root, which does not answer")
        return true
    }

    /// Claims a capture and gives it to a worker; its file is not touched before that.
    ///
    /// - Parameter share: of memory, which goes over to the worker.
    private func take(_ row: CaptureRow, in root: WatchedRoot, _ share: MemoryBudget.Share?) async throws {
        var kept = share
        defer { if let kept { worker.memory.release(kept) } }
        let now = clock.now
        let quietAt = row.observedMilliseconds + root.settings.settle.milliseconds
        guard quietAt <= now.milliseconds else {
            return try await ledger.postpone(row.id, until: quietAt, note: nil, now: now)
        }
        FailPoint.beforeAttempt.pass()
        guard let claimed = try await ledger.claim(row.id) else { return }
        guard !isStopping else {
            try await ledger.end(row.id, stamp: row.stamp, .givenBack(note: nil, due: now.milliseconds), now: now)
            return
        }
        let configuration = live.configuration
        let claim = CaptureWorker.Claim(
            row: claimed, root: root, profiles: configuration.profiles, output: configuration.output,
            limits: configuration.imageLimits, weights: configuration.weights, isolation: configuration.isolation,
            retry: RetryPolicy(configuration.retry, seed: retrySeed), share: share)
        kept = nil
        let gate = WorkGate()
        inWork[row.id] = InWork(row: claimed, gate: gate)
        heartbeat.begin(row.id, name: claim.name)
        let worker = worker
        Task {
            let outcome = await worker.work(claim, gate: gate)
            await self.ended(row.id, outcome)
        }
    }

    /// True for a capture that is worked on alone: the process died more than once while it was in work, and dies once
    /// more perhaps; no other capture is to be charged with that.
    private static func isAlone(_ row: CaptureRow) -> Bool { row.crashes > 1 }

    private func ended(_ id: Int64, _ outcome: CaptureWorker.Outcome) async {
        heartbeat.end(id)
        if inWork.removeValue(forKey: id) != nil, isStopping, outcome == .ended { finishedSinceStop += 1 }
        await bell.ring()
        await endBell.ring()
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
