import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// How attempts end that do not end with a commit.
extension CaptureWorker {
    func end(_ task: Task, _ error: AttemptError, findings: Findings, gate: WorkGate) async -> Outcome {
        let (row, lab, now) = (task.row, task.root.settings.lab, clock.now)
        // A shutdown that came first told the ledger already.
        guard gate.beginCommit() else { return .abandoned }
        switch error {
        case .abandoned: return .abandoned
        case .changed(let stamp):
            let stamp = live.trusted(stamp, of: row.root)
            let note = restless(task)
            await persist {
                _ = try await ledger.record(
                    [.init(Sighting(path: row.path, stamp: stamp))], root: row.root, settle: task.root.settings.settle,
                    now: now)
                try await ledger.end(
                    row.id, stamp: stamp,
                    .givenBack(
                        note: note,
                        due: now.milliseconds + task.root.settings.settle.milliseconds), now: now)
            }
            return .waits
        case .notYet(let note, let due):
            await giveBack(task, note: note, after: max(0, due - now.milliseconds))
            return .waits
        case .memory(let bytes):
            // Said once; it is looked for again whenever there is more of it.
            if task.share == nil {
                log.write(.waitsForMemory(lab: lab, file: task.name, bytes: bytes, budget: memory.total))
            }
            await persist {
                try await ledger.end(row.id, stamp: row.stamp, .waitsForMemory(bytes), now: now)
            }
            return .waits
        case .shortage(let note, _) where task.isolation == .processes:
            // All captures need one.
            pauses.met(note, at: .machine)
            await giveBack(task, note: note, after: 1000)
            return .waits
        case .shortage(let note, let delay):
            log.write(.trouble("\(task.name): \(note); tried again in \(delay / 1000) s"))
            await giveBack(task, note: note, after: delay)
            return .waits
        case .machine(let reason):
            pauses.met(reason, at: .machine)
            await giveBack(task, note: reason, after: 1000)
            return .waits
        case .ledger(let error):
            if !ledgerWatch.failed(error, .writing, retryMilliseconds: 1000) {
                await giveBack(task, note: "the ledger could not be used: \(error)", after: 1000)
            }
            return .waits
        case .input(let code, let reason):
            return await blame(.root(row.root), code, for: AttemptError.unreadable(reason), task, findings)
        case .output(let error) where error.code == EAGAIN:
            await giveBack(task, note: "\(error)", after: 250)
            return .waits
        case .output(let error):
            let isHeld = error.lies(in: task.output.heldDirectory)
            let failure = CaptureFailure(
                code: "output", message: "\(error)", remedy: CaptureFailure.remedy(ofOutput: error.code))
            return await blame(.tree(isHeld ? .held : .output), error.code, for: failure, task, findings)
        case .gone(let reason):
            await settleLeftovers(task)
            await ignore(task, .gone, reason)
        case .noPage(let reason): return await retire(task, reason)
        case .unmatched: await ignore(task, .unmatched, "no rule matches and the root has no default profile")
        case .sameInWork:
            await giveBack(task, note: "the same bytes are in work for another capture", after: 250)
            return .waits
        case .profile(let name, let reason):
            pauses.met(reason, at: .profile(name))
            await giveBack(
                task, note: "profile \(name) cannot be used: \(reason)",
                after: pauses.closure(of: .profile(name))?.left ?? 1000)
            return .waits
        case .worker(let loss): return await end(task, loss, findings)
        case .passing(let failure):
            guard await tryAgain(task, failure, after: row.attempts) else {
                return await fail(task, failure, findings)
            }
        case .undecodable(let failure):
            guard let (note, delay) = await unwritten(task, failure) else { return await fail(task, failure, findings) }
            await giveBack(task, note: note, after: delay)
            return .waits
        case .lasting(let failure): return await fail(task, failure, findings)
        }
        return .ended
    }

    /// Why a file that could not be decoded may yet become whole, and when to look again; nil if it has been quiet for its
    /// root's patience, or has no part that looks as if it were not written yet.
    private func unwritten(_ task: Task, _ failure: CaptureFailure) async -> (note: String, delay: Int64)? {
        let quiet = clock.now.milliseconds - task.row.observedMilliseconds
        let left = task.root.settings.patience.milliseconds - quiet
        guard left > 0 else { return nil }
        let (source, path) = (task.root.source, task.row.path)
        let place = try? await Blocking.run { try UnwrittenRun.find(in: try source.open(path)) }
        guard let place = place ?? nil else { return nil }
        return (
            "it is not whole: from byte \(place) on it is not written yet (\(failure.message))",
            min(max(quiet / 2, 500), left, 30_000)
        )
    }

    /// The capture cost a worker. It may have been no fault of its own, so it is tried again, but not for ever.
    private func end(_ task: Task, _ loss: WorkerLoss, _ findings: Findings) async -> Outcome {
        let row = task.row
        if case .late = loss, pauses.wasSilent(.root(row.root), within: Self.longestStep) {
            await giveBack(task, note: "its root did not answer", after: 1000)
            return .waits
        }
        log.write(.workerLost(file: task.name, reason: loss.text))
        let count = row.workers + 1
        let failure = CaptureFailure(loss, count: count)
        guard count < Self.mostWorkers, await tryAgain(task, failure, after: count, costsWorker: true) else {
            return await fail(task, failure, findings)
        }
        return .ended
    }

    /// Has a capture tried again after a wait; false where it was tried as often as it may be.
    ///
    /// - Parameter tries: how often it was tried, as far as this failure goes.
    private func tryAgain(
        _ task: Task, _ failure: CaptureFailure, after tries: Int, costsWorker: Bool = false
    ) async -> Bool {
        let (row, now) = (task.row, clock.now)
        guard let delay = task.retry.delay(afterAttempt: tries, of: row.id) else { return false }
        log.write(
            .retrying(
                lab: task.root.settings.lab, file: task.name, failure: failure, attempt: row.attempts,
                milliseconds: delay))
        await persist {
            try await ledger.end(
                row.id, stamp: row.stamp, .retry(failure, due: now.milliseconds + delay, costsWorker: costsWorker),
                now: now)
        }
        return true
    }

    /// An error that is a tree's by its kind. The tree is paused and the capture waits, unless it is an error that one file
    /// may have and others went well there since the capture last met one: then it is its own, and after as many such
    /// errors as it has attempts it fails.
    private func blame(
        _ place: Pauses.Place, _ code: Int32, for failure: CaptureFailure, _ task: Task, _ findings: Findings
    ) async -> Outcome {
        let row = task.row
        let (strikes, meetings) = pauses.charge(row.id, at: place)
        guard strikes > 0, Fault.canBeOneFiles(code: code) else {
            pauses.met("\(task.name): \(failure.message)", at: place)
            // After the pause, so that another capture is the one that shows whether it goes again.
            let left = pauses.closure(of: place)?.left ?? 0
            await giveBack(
                task, note: failure.message, after: max(min(500 << Int64(min(meetings, 5)), 15_000), left + 250))
            return .waits
        }
        guard await tryAgain(task, failure, after: strikes) else { return await fail(task, failure, findings) }
        return .waits
    }

    /// What is said of a file that has changed again since it was last looked at; after many times, also in the log.
    private func restless(_ task: Task) -> String {
        let count = pauses.countChange(of: task.row.id)
        guard count >= Self.restless else { return "it is being written to" }
        let note =
            "it was another file at each of the last \(count) looks: it is written to without end, or its file "
            + "system gives other sizes, times or numbers at every look"
        if count == Self.restless { log.write(.trouble("\(task.name): \(note)")) }
        return note
    }

    func giveBack(_ task: Task, note: String?, after milliseconds: Int64) async {
        let now = clock.now
        await persist {
            try await ledger.end(
                task.row.id, stamp: task.row.stamp, .givenBack(note: note, due: now.milliseconds + milliseconds),
                now: now)
        }
    }

    private func ignore(_ task: Task, _ kind: Ledger.IgnoredKind, _ reason: String) async {
        await persist {
            try await ledger.end(
                task.row.id, stamp: task.row.stamp, .ignored(kind: kind, note: reason), now: clock.now)
        }
        if kind == .gone, task.row.wasDone {
            log.write(.trouble("\(task.name): it could not be worked out again: \(reason); its result stays"))
        } else {
            log.write(.ignored(lab: task.root.settings.lab, file: task.name, reason: reason))
        }
    }

    private func fail(_ task: Task, _ failure: CaptureFailure, _ findings: Findings) async -> Outcome {
        await leaveFormerFailures(task, digest: findings.digest)
        return await quarantine(task, failure, digest: findings.digest, rule: findings.match?.rule)
    }

    /// Writes the reason beside the results and ends the capture as failed.
    func quarantine(_ task: Task, _ failure: CaptureFailure, digest: String?, rule: String?) async -> Outcome {
        let (row, settings) = (task.row, task.root.settings)
        let record = QuarantineRecord(
            createdAt: Timestamp.text(Date()), lab: settings.lab, root: settings.path, path: row.path.file.description,
            pathBytes: row.path.hexadecimalUnlessPlain, page: row.path.page, bytes: row.stamp.size,
            sha256: row.path.page == nil ? digest : nil, attempts: row.attempts, failure: failure)
        do {
            try await Blocking.run {
                let tree = try written.open(.quarantine, at: task.output.quarantineDirectory)
                try FreeSpaceGuard(task.output).check(tree)
                try Quarantine(tree, rules: written.rules(of: tree)).put(record, lab: settings.lab, path: row.path)
            }
            pauses.succeeded(at: [.tree(.quarantine)])
        } catch let error as TreeError where error.fault != .capture {
            pauses.met("\(error)", at: error.fault == .machine ? .machine : .tree(.quarantine))
            await giveBack(task, note: "\(error)", after: 0)
            return .waits
        } catch {
            // The capture fails all the same; the ledger has the reason too.
            log.write(.trouble("the quarantine record of \(task.name) could not be written: \(error)"))
        }
        pauses.acquit(row.id)
        await persist {
            try await ledger.end(
                row.id, stamp: row.stamp, .failed(failure, digest: digest, rule: rule), now: clock.now)
        }
        log.write(.failed(lab: settings.lab, file: task.name, failure: failure, attempts: row.attempts))
        return .ended
    }

    /// Writes to the ledger, and tries again until it can be written, for without it nothing is accounted for; or until
    /// it is lost, which ends the process.
    func persist(_ body: () async throws -> Void) async {
        var wait: Int64 = 500
        while !ledgerWatch.isLost {
            do {
                try await body()
                return ledgerWatch.succeeded(.writing)
            } catch {
                if ledgerWatch.failed(error, .writing, retryMilliseconds: wait) { return }
                heartbeat.waitsForDisk()
                do { try await clock.sleep(milliseconds: wait) } catch { return }
                wait = min(wait * 2, 10_000)
            }
        }
    }
}
