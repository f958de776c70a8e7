import Config
import Foundation
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
            await persist {
                _ = try await ledger.record(
                    [.init(Sighting(path: row.path, stamp: stamp))], root: row.root, settle: task.root.settings.settle,
                    now: now)
                try await ledger.end(
                    row.id, stamp: stamp,
                    .givenBack(
                        note: "it is being written to",
                        due: now.milliseconds + task.root.settings.settle.milliseconds), now: now)
            }
            return .waits
        case .notYet(let note, let due):
            await giveBack(task, note: note, after: max(0, due - now.milliseconds))
            return .waits
        case .shortage(let note, let delay):
            log.write(.trouble("\(task.name): \(note); tried again in \(delay / 1000) s"))
            await giveBack(task, note: note, after: delay)
            return .waits
        case .gone(let reason): await ignore(task, .gone, reason)
        case .unmatched: await ignore(task, .unmatched, "no rule matches and the root has no default profile")
        case .sameInWork:
            await giveBack(task, note: "the same bytes are in work for another capture", after: 250)
            return .waits
        case .profile(let name, let reason):
            log.write(.profileUnusable(profile: name, reason: reason))
            await giveBack(task, note: "profile \(name) cannot be used: \(reason)", after: 30_000)
        case .output(let error):
            await giveBack(task, note: "\(error)", after: error.concernsFileSystem ? 0 : 250)
            if error.concernsFileSystem { return .outputTrouble("\(error)") }
        case .worker(let loss): return await end(task, loss, findings)
        case .passing(let failure):
            if let delay = task.retry.delay(afterAttempt: row.attempts, of: row.id) {
                log.write(
                    .retrying(
                        lab: lab, file: task.name, failure: failure, attempt: row.attempts, milliseconds: delay))
                await persist {
                    try await ledger.end(
                        row.id, stamp: row.stamp,
                        .retry(failure, due: now.milliseconds + delay, costsWorker: false), now: now)
                }
            } else {
                return await fail(task, failure, findings)
            }
        case .lasting(let failure): return await fail(task, failure, findings)
        }
        return .ended
    }

    /// The capture cost a worker. It may have been no fault of its own, so it is tried again, but not for ever.
    private func end(_ task: Task, _ loss: WorkerLoss, _ findings: Findings) async -> Outcome {
        let (row, now) = (task.row, clock.now)
        log.write(.workerLost(file: task.name, reason: loss.text))
        let count = row.workers + 1
        let failure = CaptureFailure(
            code: "crashed",
            message: "the process that worked on it \(loss.text)" + (count > 1 ? ", the \(count)th that it cost" : ""),
            remedy: "export it again, then `nctd retry`; if it stays, please report the file: it is a defect of nctd")
        guard count < Self.mostWorkers, let delay = task.retry.delay(afterAttempt: count, of: row.id) else {
            return await fail(task, failure, findings)
        }
        log.write(
            .retrying(
                lab: task.root.settings.lab, file: task.name, failure: failure, attempt: row.attempts,
                milliseconds: delay))
        await persist {
            try await ledger.end(
                row.id, stamp: row.stamp, .retry(failure, due: now.milliseconds + delay, costsWorker: true), now: now)
        }
        return .ended
    }

    private func giveBack(_ task: Task, note: String?, after milliseconds: Int64) async {
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
        log.write(.ignored(lab: task.root.settings.lab, file: task.name, reason: reason))
    }

    private func fail(_ task: Task, _ failure: CaptureFailure, _ findings: Findings) async -> Outcome {
        await quarantine(task, failure, digest: findings.digest, rule: findings.match?.rule)
    }

    /// Writes the reason beside the results and ends the capture as failed.
    func quarantine(_ task: Task, _ failure: CaptureFailure, digest: String?, rule: String?) async -> Outcome {
        let (row, settings) = (task.row, task.root.settings)
        let record = QuarantineRecord(
            createdAt: Timestamp.text(Date()), lab: settings.lab, root: settings.path, path: row.path.description,
            pathBytes: row.path.hexadecimalUnlessPlain, bytes: row.stamp.size, sha256: digest, attempts: row.attempts,
            failure: failure)
        do {
            try await Blocking.run {
                try Quarantine(directory: task.output.quarantineDirectory)
                    .put(record, lab: settings.lab, path: row.path)
            }
        } catch let error as TreeError where error.concernsFileSystem {
            await giveBack(task, note: "\(error)", after: 0)
            return .outputTrouble("\(error)")
        } catch {
            // The capture fails all the same; the ledger has the reason too.
            log.write(.trouble("the quarantine record of \(task.name) could not be written: \(error)"))
        }
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
