import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// How attempts end that do not end with a commit.
extension CaptureWorker {
    func end(_ claim: Claim, _ error: AttemptError, findings: Findings, gate: WorkGate) async -> Outcome {
        // A shutdown that came first told the ledger already.
        guard gate.beginCommit() else { return .abandoned }
        switch error {
        case .abandoned: return .abandoned
        case .changed(let stamp): return await lookAgain(claim, stamp)
        case .notYet(let note, let due):
            return await giveBack(claim, note: note, after: max(0, due - clock.now.milliseconds))
        case .memory(let bytes): return await waitForMemory(claim, bytes)
        case .shortage(let note, let delay): return await waitForWorker(claim, note, delay)
        case .machine(let reason):
            pauses.met(reason, at: .machine)
            return await giveBack(claim, note: reason, after: 1000)
        case .ledger(let error):
            guard !ledgerWatch.failed(error, .writing, retryMilliseconds: 1000) else { return .waits }
            return await giveBack(claim, note: "the ledger could not be used: \(error)", after: 1000)
        case .input(let code, let reason):
            return await blame(.root(claim.row.root), code, for: AttemptError.unreadable(reason), claim, findings)
        case .output(let error) where error.code == EAGAIN:
            return await giveBack(claim, note: "\(error)", after: 250)
        case .output(let error): return await blame(error, claim, findings)
        case .gone(let reason): return await leave(claim, gone: reason, findings)
        case .noPage(let reason): return await retire(claim, reason)
        case .unmatched: return await ignore(claim, .unmatched, "no rule matches and the root has no default profile")
        case .sameInWork:
            return await giveBack(claim, note: "the same bytes are in work for another capture", after: 250)
        case .profile(let name, let reason):
            pauses.met(reason, at: .profile(name))
            return await giveBack(
                claim, note: "profile \(name) cannot be used: \(reason)",
                after: pauses.closure(of: .profile(name))?.left ?? 1000)
        case .worker(let loss): return await end(claim, loss, findings)
        case .passing(let failure):
            guard await tryAgain(claim, failure, after: claim.row.attempts) else {
                return await fail(claim, failure, findings)
            }
            return .ended
        case .undecodable(let failure):
            guard let (note, delay) = await unwritten(claim, failure) else {
                return await fail(claim, failure, findings)
            }
            return await giveBack(claim, note: note, after: delay)
        case .lasting(let failure): return await fail(claim, failure, findings)
        }
    }

    /// The file is another one by now.
    private func lookAgain(_ claim: Claim, _ stamp: FileStamp) async -> Outcome {
        let (row, settle, now) = (claim.row, claim.root.settings.settle, clock.now)
        let stamp = live.trusted(stamp, of: row.root)
        let note = restless(claim)
        await persist {
            _ = try await ledger.record(
                [.init(Sighting(path: row.path, stamp: stamp))], root: row.root, settle: settle, now: now)
            try await ledger.end(
                row.id, stamp: stamp, .givenBack(note: note, due: now.milliseconds + settle.milliseconds), now: now)
        }
        return .waits
    }

    /// Said once; it is looked for again whenever there is more memory.
    private func waitForMemory(_ claim: Claim, _ bytes: Int) async -> Outcome {
        if claim.share == nil {
            log.write(
                .waitsForMemory(
                    lab: claim.root.settings.lab, file: claim.name, bytes: bytes, budget: memory.total))
        }
        await persist {
            try await ledger.end(claim.row.id, stamp: claim.row.stamp, .waitsForMemory(bytes), now: clock.now)
        }
        return .waits
    }

    /// Where all captures need a worker of their own, the want of one is the machine's trouble.
    private func waitForWorker(_ claim: Claim, _ note: String, _ delay: Int64) async -> Outcome {
        if claim.isolation == .processes {
            pauses.met(note, at: .machine)
            return await giveBack(claim, note: note, after: 1000)
        }
        log.write(.trouble("\(claim.name): \(note); tried again in \(delay / 1000) s"))
        return await giveBack(claim, note: note, after: delay)
    }

    /// Why a file that could not be decoded may yet become whole, and when to look again; nil if it has been quiet for its
    /// root's patience, or has no part that looks as if it were not written yet.
    private func unwritten(_ claim: Claim, _ failure: CaptureFailure) async -> (note: String, delay: Int64)? {
        let quiet = clock.now.milliseconds - claim.row.observedMilliseconds
        let left = claim.root.settings.patience.milliseconds - quiet
        guard left > 0 else { return nil }
        let (source, path) = (claim.root.source, claim.row.path)
        let place = try? await Blocking.run { try UnwrittenRun.find(in: try source.open(path)) }
        guard let place = place ?? nil else { return nil }
        return (
            "it is not whole: from byte \(place) on it is not written yet (\(failure.message))",
            min(max(quiet / 2, 500), left, 30_000)
        )
    }

    /// The capture cost a worker. It may have been no fault of its own, so it is tried again, but not for ever.
    private func end(_ claim: Claim, _ loss: WorkerLoss, _ findings: Findings) async -> Outcome {
        let row = claim.row
        if case .late = loss, pauses.wasSilent(.root(row.root), within: Self.longestStep) {
            return await giveBack(claim, note: "its root did not answer", after: 1000)
        }
        log.write(.workerLost(file: claim.name, reason: loss.text))
        let count = row.workers + 1
        let failure = CaptureFailure(loss, count: count)
        guard count < Self.mostWorkers, await tryAgain(claim, failure, after: count, costsWorker: true) else {
            return await fail(claim, failure, findings)
        }
        return .ended
    }

    /// Has a capture tried again after a wait; false where it was tried as often as it may be.
    ///
    /// - Parameter tries: how often it was tried, as far as this failure goes.
    private func tryAgain(
        _ claim: Claim, _ failure: CaptureFailure, after tries: Int, costsWorker: Bool = false
    ) async -> Bool {
        let (row, now) = (claim.row, clock.now)
        guard let delay = claim.retry.delay(afterAttempt: tries, of: row.id) else { return false }
        log.write(
            .retrying(
                lab: claim.root.settings.lab, file: claim.name, failure: failure, attempt: row.attempts,
                milliseconds: delay))
        await persist {
            try await ledger.end(
                row.id, stamp: row.stamp, .retry(failure, due: now.milliseconds + delay, costsWorker: costsWorker),
                now: now)
        }
        return true
    }

    /// The same for an error of the trees of results.
    func blame(_ error: TreeError, _ claim: Claim, _ findings: Findings) async -> Outcome {
        let tree = error.lies(in: claim.output.heldDirectory) ? WrittenTree.held : .output
        let failure = CaptureFailure(
            code: "output", message: "\(error)", remedy: CaptureFailure.remedy(ofOutput: error.code))
        if error.code == ENOENT { return await blameOnCapture(failure, claim, findings) }
        return await blame(.tree(tree), error.code, for: failure, claim, findings)
    }

    /// A file that is missing is no tree's fault while the trees of results are there: the capture is tried again.
    private func blameOnCapture(_ failure: CaptureFailure, _ claim: Claim, _ findings: Findings) async -> Outcome {
        let away = await Blocking.run { [written] () -> TreeError? in
            do throws(TreeError) {
                _ = try written.results(claim.output)
                return nil
            } catch { return error }
        }
        // Where it is away, that is never the answer.
        if let away, away.code != ENOENT { return await blame(away, claim, findings) }
        guard await tryAgain(claim, failure, after: claim.row.attempts) else {
            return await fail(claim, failure, findings)
        }
        return .waits
    }

    /// An error that is a tree's by its kind. The tree is paused and the capture waits, unless it is an error that one file
    /// may have and others went well there since the capture last met one: then it is its own, and after as many such
    /// errors as it has attempts it fails.
    private func blame(
        _ place: Pauses.Place, _ code: Int32, for failure: CaptureFailure, _ claim: Claim, _ findings: Findings
    ) async -> Outcome {
        let row = claim.row
        let (strikes, meetings) = pauses.charge(row.id, at: place)
        guard strikes > 0, Fault.canBeOneFiles(code: code) else {
            pauses.met("\(claim.name): \(failure.message)", at: place)
            // After the pause, so that another capture is the one that shows whether it goes again.
            let left = pauses.closure(of: place)?.left ?? 0
            return await giveBack(
                claim, note: failure.message, after: max(min(500 << Int64(min(meetings, 5)), 15_000), left + 250))
        }
        guard await tryAgain(claim, failure, after: strikes) else { return await fail(claim, failure, findings) }
        return .waits
    }

    /// What is said of a file that has changed again since it was last looked at; after many times, also in the log.
    private func restless(_ claim: Claim) -> String {
        let count = pauses.countChange(of: claim.row.id)
        guard count >= Self.restless else { return "it is being written to" }
        let note =
            "it was another file at each of the last \(count) looks: it is written to without end, or its file "
            + "system gives other sizes, times or numbers at every look"
        if count == Self.restless { log.write(.trouble("\(claim.name): \(note)")) }
        return note
    }

    /// Has the capture looked at again after a wait.
    func giveBack(_ claim: Claim, note: String?, after milliseconds: Int64) async -> Outcome {
        let now = clock.now
        await persist {
            try await ledger.end(
                claim.row.id, stamp: claim.row.stamp, .givenBack(note: note, due: now.milliseconds + milliseconds),
                now: now)
        }
        return .waits
    }

    private func ignore(_ claim: Claim, _ kind: Ledger.IgnoredKind, _ reason: String) async -> Outcome {
        await persist {
            try await ledger.end(
                claim.row.id, stamp: claim.row.stamp, .ignored(kind: kind, note: reason), now: clock.now)
        }
        log.write(.ignored(lab: claim.root.settings.lab, file: claim.name, reason: reason))
        return .ended
    }

    private func fail(_ claim: Claim, _ failure: CaptureFailure, _ findings: Findings) async -> Outcome {
        await leaveFormerFailures(claim, digest: findings.digest)
        return await quarantine(claim, failure, digest: findings.digest, rule: findings.match?.rule)
    }

    /// Writes the reason beside the results and ends the capture as failed.
    func quarantine(_ claim: Claim, _ failure: CaptureFailure, digest: String?, rule: String?) async -> Outcome {
        let (row, settings) = (claim.row, claim.root.settings)
        let record = QuarantineRecord(
            createdAt: Timestamp.text(clock.now.date), lab: settings.lab, root: settings.path,
            path: row.path.file.description,
            pathBytes: row.path.hexadecimalUnlessPlain, page: row.path.page, bytes: row.stamp.size,
            sha256: row.path.page == nil ? digest : nil, attempts: row.attempts, failure: failure)
        do {
            try await Blocking.run {
                let tree = try written.open(.quarantine, at: claim.output.quarantineDirectory)
                try FreeSpaceGuard(claim.output).check(tree)
                try Quarantine(tree, rules: written.rules(of: tree)).put(record, lab: settings.lab, path: row.path)
            }
            pauses.succeeded(at: [.tree(.quarantine)])
        } catch let error as TreeError where error.fault != .capture {
            pauses.met("\(error)", at: error.fault == .machine ? .machine : .tree(.quarantine))
            return await giveBack(claim, note: "\(error)", after: 0)
        } catch {
            // The capture fails all the same; the ledger has the reason too.
            log.write(.trouble("the quarantine record of \(claim.name) could not be written: \(error)"))
        }
        pauses.acquit(row.id)
        await persist {
            try await ledger.end(
                row.id, stamp: row.stamp, .failed(failure, digest: digest, rule: rule), now: clock.now)
        }
        log.write(.failed(lab: settings.lab, file: claim.name, failure: failure, attempts: row.attempts))
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
