import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// Does one claimed capture: reads, matches, decodes, normalizes, commits, and tells the ledger how it ended.
struct CaptureWorker: Sendable {
    let ledger: Ledger
    let live: LiveConfiguration
    let processors: any ProcessorSource
    let probe: any SuspectProbe
    let clock: any DaemonClock
    let log: EventLog
    let heartbeat: Heartbeat
    let inWork = IdentitiesInWork()

    /// What the dispatcher must know of a work that ended.
    enum Outcome: Sendable, Equatable {
        case ended
        /// The output's file system is in trouble.
        case outputTrouble(String)
        /// A shutdown gave the capture back meanwhile; the ledger was told by it.
        case abandoned
    }

    /// A capture that was claimed.
    struct Task: Sendable {
        var row: CaptureRow
        var root: WatchedRoot
        var profiles: [String: Profile]
        var output: OutputSettings
        var weights: String?
        var retry: RetryPolicy
        var name: String { root.name(of: row.path) }
    }

    /// What an attempt found out, for the ending's record.
    private struct Findings {
        var digest: String?
        var match: RuleMatcher.Match?
        var profile: Profile?
    }

    private struct Committed {
        var result: ResultRow
        var older: Ledger.KeptVersion?
        var how: DaemonEvent.Finished.How
    }

    func work(_ task: Task, gate: WorkGate) async -> Outcome {
        var findings = Findings()
        do {
            let committed = try await attempt(task, gate: gate, findings: &findings)
            FailPoint.beforeDone.pass()
            await persist {
                try await ledger.end(
                    task.row.id, stamp: task.row.stamp,
                    .done(committed.result, rule: findings.match?.rule, older: committed.older), now: clock.now)
            }
            FailPoint.afterDone.pass()
            Quarantine(directory: task.output.quarantineDirectory)
                .release(lab: task.root.settings.lab, path: task.row.path)
            let result = committed.result
            log.write(
                .done(
                    .init(
                        lab: task.root.settings.lab, profile: result.profile, file: task.name, sha256: result.digest,
                        output: CapturePath.printable(result.output), verdict: result.verdict,
                        delivery: result.delivery, how: committed.how, version: committed.older?.number,
                        milliseconds: result.durationMilliseconds ?? 0)))
            return .ended
        } catch {
            return await end(task, AttemptError(error), findings: findings, gate: gate)
        }
    }

    // MARK: One attempt

    private func attempt(_ task: Task, gate: WorkGate, findings: inout Findings) async throws -> Committed {
        FailPoint.afterAttempt.pass()
        let begin = ContinuousClock().now
        let (row, root) = (task.row, task.root)
        let limits = ImageLimits()
        heartbeat.advance(row.id, to: "reading")
        let (bytes, digest) = try await Blocking.run {
            let read = try root.source.read(row.path, limit: limits.maximumBytes)
            guard read.before.isSameContent(as: row.stamp), read.after.isSameContent(as: row.stamp) else {
                throw AttemptError.changed(read.after)
            }
            return (read.bytes, FileDigest.sha256(read.bytes))
        }
        findings.digest = digest
        heartbeat.advance(row.id, to: "matching")
        var decoded: Decoded?
        if root.matcher.needsMetadata, row.crashes == 0 {
            decoded = try await decode(bytes, digest: digest, name: task.name, limits: limits)
        }
        var match = root.matcher.match(row.path, metadata: decoded?.file.metadata)
        if root.matcher.needsMetadata, row.crashes > 0 {
            // A suspect is not decoded here before it was decoded elsewhere, with any of the profiles.
            if let profile = task.profiles.values.first { try await examine(task, bytes, profile) }
            decoded = try await decode(bytes, digest: digest, name: task.name, limits: limits)
            match = root.matcher.match(row.path, metadata: decoded?.file.metadata)
        }
        guard let match else { throw AttemptError.unmatched }
        findings.match = match
        guard let profile = task.profiles[match.profile] else {
            throw AttemptError.profile(match.profile, reason: "there is no such profile")
        }
        findings.profile = profile
        heartbeat.advance(row.id, to: "preparing profile \(profile.name)")
        let processor: any CaptureProcessor
        do {
            processor = try await processors.processor(for: profile)
        } catch {
            throw AttemptError.profile(profile.name, reason: "\(JobFailure(error, file: profile.path ?? profile.name))")
        }
        heartbeat.advance(row.id, to: "looking for an earlier result")
        let format = task.output.format.imageFormat
        let identity = CaptureIdentity.of(digest: digest, fingerprint: processor.fingerprint, format: format)
        let commit = ResultCommit(directory: task.output.directory)
        let places = Places(output: row.output ?? [], commit: commit)
        let facts = Facts(
            task: task, digest: digest, identity: identity, match: match, profile: profile, begin: begin,
            linking: task.output.duplicates == .link)
        if let recovered = try await Blocking.run({ self.recovered(places, facts) }) { return recovered }
        guard inWork.begin(identity) else { throw AttemptError.sameInWork }
        defer { inWork.end(identity) }
        if let earlier = try await ledger.result(identity: identity, besides: row.id),
            let copied = try await Blocking.run({ try self.duplicate(earlier, places, facts, gate: gate) })
        {
            return copied
        }
        if row.crashes > 0 { try await examine(task, bytes, profile) }
        if decoded == nil { decoded = try await decode(bytes, digest: digest, name: task.name, limits: limits) }
        guard let decoded else { throw AttemptError.abandoned }
        FailPoint.afterDecoding.pass()
        heartbeat.advance(row.id, to: "normalizing")
        return try await Blocking.run {
            let rendered = try processor.render(
                decoded.file,
                source: Sidecar.Source(decoded.file, path: task.name, bytes: bytes.count, sha256: digest),
                bytes: bytes, format: format, stopwatch: decoded.stopwatch,
                target: { places.name(for: $0) })
            FailPoint.afterNormalization.pass()
            heartbeat.advance(row.id, to: "committing")
            var sidecar = rendered.sidecar
            sidecar.capture = facts.capture()
            guard gate.beginCommit() else { throw AttemptError.abandoned }
            let output = places.output(for: sidecar.verdict.delivery)
            let older = try commit.commit(
                .bytes(rendered.image), sidecar: try sidecar.json(), output: output,
                alternative: places.alternative(to: output))
            return Committed(result: facts.result(sidecar, output: output), older: older, how: .normalized)
        }
    }

    private struct Decoded: Sendable {
        var file: ImageFile
        var stopwatch: Stopwatch
    }

    private func decode(
        _ bytes: [UInt8], digest: String, name: String, limits: ImageLimits
    ) async throws -> Decoded {
        try await Blocking.run {
            Poison.check(digest)
            var stopwatch = Stopwatch()
            let file = try ImageReader.decode(bytes, name: name, limits: limits)
            stopwatch.lap("decoding")
            return Decoded(file: file, stopwatch: stopwatch)
        }
    }

    private func examine(_ task: Task, _ bytes: [UInt8], _ profile: Profile) async throws {
        heartbeat.advance(task.row.id, to: "in a process of its own")
        log.write(.suspect(lab: task.root.settings.lab, file: task.name, crashes: task.row.crashes))
        guard let signal = await probe.deadlySignal(of: bytes, profile: profile, weights: task.weights) else { return }
        throw AttemptError.lasting(
            CaptureFailure(
                code: "crashed",
                message:
                    "the file ends the process that works on it (signal \(signal), \(String(cString: strsignal(signal))))",
                remedy: "export it again; please report the file, this is a defect of nctd"))
    }

    /// Where a capture's result may go.
    private struct Places: Sendable {
        var output: [UInt8]
        var commit: ResultCommit
        var held: [UInt8] { OutputNames.held(output) }

        func output(for delivery: Sidecar.Delivery) -> [UInt8] { delivery == .held ? held : output }
        func alternative(to place: [UInt8]) -> [UInt8] { place == output ? held : output }
        func name(for delivery: Sidecar.Delivery) -> String {
            CapturePath.printable(commit.full(output(for: delivery)))
        }
    }

    /// What is known of a capture before its result is.
    private struct Facts: Sendable {
        var task: Task
        var digest: String
        var identity: String
        var match: RuleMatcher.Match
        var profile: Profile
        var begin: ContinuousClock.Instant
        var linking: Bool

        func capture(duplicateOf earlier: [UInt8]? = nil) -> Sidecar.Capture {
            Sidecar.Capture(
                lab: task.root.settings.lab, root: task.root.settings.path, path: task.row.path.description,
                pathBytes: task.row.path.hexadecimalUnlessPlain, rule: match.rule, attempt: task.row.attempts,
                seenAt: Timestamp.text(Date(timeIntervalSince1970: task.row.seenAt)), inode: task.row.stamp.inode,
                modifiedNanoseconds: task.row.stamp.modifiedNanoseconds, identity: identity,
                duplicateOf: earlier.map { CapturePath.printable($0) })
        }

        func result(_ sidecar: Sidecar, output: [UInt8]) -> ResultRow {
            ResultRow(
                digest: digest, identity: identity, profile: profile.name, verdict: sidecar.verdict.value.rawValue,
                delivery: sidecar.verdict.delivery.rawValue, output: output, attempt: task.row.attempts,
                durationMilliseconds: (begin.duration(to: ContinuousClock().now) / .milliseconds(1)).rounded(),
                finishedAt: Date().timeIntervalSince1970)
        }
    }

    /// The result that an earlier process committed and could not tell of.
    private func recovered(_ places: Places, _ facts: Facts) -> Committed? {
        for output in [places.output, places.held] {
            guard places.commit.sidecar(of: output)?.capture?.identity == facts.identity,
                let sidecar = places.commit.soundSidecar(of: output)
            else { continue }
            return Committed(result: facts.result(sidecar, output: output), older: nil, how: .recovered)
        }
        return nil
    }

    /// Commits a link to, or a copy of, the result of another capture with the same bytes and settings.
    private func duplicate(
        _ earlier: ResultRow, _ places: Places, _ facts: Facts, gate: WorkGate
    ) throws -> Committed? {
        guard var sidecar = places.commit.soundSidecar(of: earlier.output),
            sidecar.capture?.identity == facts.identity
        else { return nil }
        let output = places.output(for: sidecar.verdict.delivery)
        sidecar.createdAt = Timestamp.text(Date())
        sidecar.source.path = facts.task.name
        sidecar.output.path = CapturePath.printable(places.commit.full(output))
        sidecar.capture = facts.capture(duplicateOf: earlier.output)
        guard gate.beginCommit() else { throw AttemptError.abandoned }
        let older = try places.commit.commit(
            .existing(earlier.output, linking: facts.linking, sha256: sidecar.output.sha256),
            sidecar: try sidecar.json(), output: output, alternative: places.alternative(to: output))
        return Committed(result: facts.result(sidecar, output: output), older: older, how: .duplicate)
    }

    // MARK: Endings other than done

    private func end(_ task: Task, _ error: AttemptError, findings: Findings, gate: WorkGate) async -> Outcome {
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
                        note: "written to while it was read",
                        due: now.milliseconds + task.root.settings.settle.milliseconds), now: now)
            }
        case .gone(let reason): await ignore(task, .gone, reason)
        case .unmatched: await ignore(task, .unmatched, "no rule matches and the root has no default profile")
        case .sameInWork:
            await giveBack(task, note: "the same bytes are in work for another capture", after: 250)
        case .profile(let name, let reason):
            log.write(.profileUnusable(profile: name, reason: reason))
            await giveBack(task, note: "profile \(name) cannot be used: \(reason)", after: 30_000)
        case .output(let error):
            await giveBack(task, note: "\(error)", after: error.concernsFileSystem ? 0 : 250)
            if error.concernsFileSystem { return .outputTrouble("\(error)") }
        case .passing(let failure):
            if let delay = task.retry.delay(afterAttempt: row.attempts, of: row.id) {
                log.write(
                    .retrying(
                        lab: lab, file: task.name, failure: failure, attempt: row.attempts, milliseconds: delay))
                await persist {
                    try await ledger.end(
                        row.id, stamp: row.stamp, .retry(failure, due: now.milliseconds + delay), now: now)
                }
            } else {
                return await fail(task, failure, findings)
            }
        case .lasting(let failure): return await fail(task, failure, findings)
        }
        return .ended
    }

    private func giveBack(_ task: Task, note: String, after milliseconds: Int64) async {
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

    /// Writes to the ledger, and tries again until it can be written: without it nothing is accounted for.
    func persist(_ body: () async throws -> Void) async {
        var wait: Int64 = 500
        while true {
            do {
                return try await body()
            } catch {
                log.write(.trouble("the ledger cannot be written (\(error)); tried again in \(wait) ms"))
                heartbeat.waitsForDisk()
                do { try await clock.sleep(milliseconds: wait) } catch { return }
                wait = min(wait * 2, 10_000)
            }
        }
    }
}
