import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// Does one claimed capture: looks whether it is whole, reads, matches, decodes, normalizes, commits, and tells the
/// ledger how it ended.
struct CaptureWorker: Sendable {
    let ledger: Ledger
    let ledgerWatch: LedgerWatch
    let processors: any ProcessorSource
    let probe: any SuspectProbe
    let memory: MemoryBudget
    let learning: LabLearning
    let clock: any DaemonClock
    let log: EventLog
    let heartbeat: Heartbeat
    let inWork = IdentitiesInWork()
    let cleared = ClearedSuspects()

    /// Deaths of the process during a capture's work after which it is not tried again, whatever the probe says of it:
    /// fewer than a service manager allows before it gives the daemon up.
    static let mostCrashes = 6

    /// What the dispatcher must know of a work that ended.
    enum Outcome: Sendable, Equatable {
        case ended
        /// It was too early; nothing was learned about the output.
        case waits
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
        var limits: ImageLimits
        var weights: String?
        var retry: RetryPolicy
        var name: String { root.name(of: row.path) }
    }

    /// What an attempt found out, for the ending's record.
    struct Findings {
        var digest: String?
        var match: RuleMatcher.Match?
        var profile: Profile?
    }

    struct Committed {
        var result: ResultRow
        var older: Ledger.KeptVersion?
        var how: DaemonEvent.Finished.How
        /// Something more is known of the lab's colors.
        var isNewlyTransferred: Bool { how != .duplicate && result.treatment == Ledger.transferred }
    }

    func work(_ task: Task, gate: WorkGate) async -> Outcome {
        var findings = Findings()
        do {
            try await look(task, gate: gate)
            let share = try await take(try await need(task), task)
            defer { memory.release(share) }
            let committed = try await attempt(task, gate: gate, findings: &findings)
            await finish(task, committed, rule: findings.match?.rule)
            if committed.isNewlyTransferred, let profile = findings.profile {
                await learning.transferred(task.root, profile)
            }
            return .ended
        } catch {
            return await end(task, AttemptError(error), findings: findings, gate: gate)
        }
    }

    private func finish(_ task: Task, _ committed: Committed, rule: String?) async {
        FailPoint.beforeDone.pass()
        await persist {
            try await ledger.end(
                task.row.id, stamp: task.row.stamp, .done(committed.result, rule: rule, older: committed.older),
                now: clock.now)
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
    }

    // MARK: Before the file is read

    /// Throws unless the file may be read now. Looks at it here only if no look at it has ever ended the process.
    private func look(_ task: Task, gate: WorkGate) async throws {
        let row = task.row
        heartbeat.advance(row.id, to: "looking whether it is whole")
        if row.crashes >= Self.mostCrashes {
            throw AttemptError.lasting(
                CaptureFailure(
                    code: "crashed", message: "the daemon died \(row.crashes) times while it worked on this file",
                    remedy: "export it again, then `nctd retry`; please report the file, this is a defect of nctd"))
        }
        if row.crashes > 0 {
            // What is not known to be safe is not even looked at here. Where only the metadata tell the profile, any
            // serves: the right one follows once they are known.
            let match = task.root.matcher.match(row.path, metadata: nil)
            let profile = match.flatMap { task.profiles[$0.profile] } ?? task.profiles.min { $0.key < $1.key }?.value
            if let profile, !cleared.contains(row, profile: profile.name) {
                // It may take all that a capture may, and seldom does.
                let share = try await take(memory.total / 2, task)
                defer { memory.release(share) }
                try await probe(task, with: profile)
            }
        }
        let now = clock.now
        let readiness = try await Blocking.run {
            Poison.check(row.path)
            return Readiness.of(
                row, in: task.root, limits: task.limits, budget: ReadBudget(isCancelled: { gate.isAbandoned }),
                now: now)
        }
        switch readiness {
        case .ready: return
        case .notYet(_, _, let stamp?): throw AttemptError.changed(stamp)
        case .notYet(let due, let note, nil): throw AttemptError.notYet(note: note, due: due)
        case .gone(let reason): throw AttemptError.gone(reason)
        case .failed(let failure): throw AttemptError.lasting(failure)
        }
    }

    /// What the capture may take of memory, from its size and header.
    private func need(_ task: Task) async throws -> Int {
        let row = task.row
        heartbeat.advance(row.id, to: "reading its header")
        let header: ImageHeader? = try await Blocking.run {
            do {
                let header = try task.root.source.header(of: row.path)
                try task.limits.check(header, path: task.name)
                return header
            } catch let error as ImageFileError where error.code != .tooLarge {
                // Decoding says what is wrong with it.
                return nil
            }
        }
        return CaptureMemory.bytes(header, fileBytes: Int(clamping: row.stamp.size)) ?? .max
    }

    private func take(_ bytes: Int, _ task: Task) async throws -> MemoryBudget.Share {
        heartbeat.waits(task.row.id, for: "memory")
        do {
            return try await memory.take(bytes)
        } catch MemoryBudget.Refusal.tooLarge(let total) {
            throw AttemptError.lasting(
                CaptureFailure(
                    code: ImageFileError.Code.tooLarge.rawValue,
                    message: "it needs about \(bytes >> 20) MiB of memory, and all captures in work have "
                        + "\(total >> 20) MiB together",
                    remedy: "crop or scale the image, or raise daemon.memory_mebibytes, then `nctd retry`"))
        } catch {
            throw AttemptError.notYet(note: nil, due: clock.now.milliseconds)
        }
    }

    /// Throws if the capture ends a process of its own, or if that cannot be found out.
    private func probe(_ task: Task, with profile: Profile) async throws {
        heartbeat.advance(task.row.id, to: "in a process of its own")
        log.write(.suspect(lab: task.root.settings.lab, file: task.name, crashes: task.row.crashes))
        let suspect = Suspect(
            root: task.root.settings.path, path: task.row.path, followsLinks: task.root.settings.followLinks,
            profile: profile, learned: await learning.known(of: task.root, for: profile).current,
            weights: profile.weights ?? task.weights, limits: task.limits, memory: memory.total)
        try await ledger.setProbing(task.row.id, true)
        let what: String
        switch await probe.examine(suspect) {
        case .survives:
            try await ledger.setProbing(task.row.id, false)
            return cleared.insert(task.row, profile: profile.name)
        case .unavailable(let reason): throw AttemptError.shortage(note: reason, after: 30_000)
        case .dies(let signal): what = "ends the process that works on it (signal \(signal), \(Self.name(signal)))"
        case .hangs(let seconds): what = "keeps the process that works on it for more than \(seconds) s"
        }
        throw AttemptError.lasting(
            CaptureFailure(
                code: "crashed", message: "the file \(what)",
                remedy: "export it again; please report the file, this is a defect of nctd"))
    }

    private static func name(_ signal: Int32) -> String { strsignal(signal).map { String(cString: $0) } ?? "unknown" }

    // MARK: One attempt

    private func attempt(
        _ task: Task, gate: WorkGate, findings: inout Findings
    ) async throws -> Committed {
        FailPoint.afterAttempt.pass()
        let begin = ContinuousClock().now
        let (row, root) = (task.row, task.root)
        let limits = task.limits
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
        if root.matcher.needsMetadata {
            decoded = try await decode(bytes, digest: digest, name: task.name, limits: limits)
        }
        let match = root.matcher.match(row.path, metadata: decoded?.file.metadata)
        guard let match else { throw AttemptError.unmatched }
        findings.match = match
        guard let profile = task.profiles[match.profile] else {
            throw AttemptError.profile(match.profile, reason: "there is no such profile")
        }
        findings.profile = profile
        if row.crashes > 0, root.matcher.match(row.path, metadata: nil) != match,
            !cleared.contains(row, profile: profile.name)
        {
            try await probe(task, with: profile)
        }
        heartbeat.advance(row.id, to: "preparing profile \(profile.name)")
        let unadapted: any CaptureProcessor
        do {
            unadapted = try await processors.processor(for: profile)
        } catch {
            throw AttemptError.profile(profile.name, reason: "\(JobFailure(error, file: profile.path ?? profile.name))")
        }
        let known = await learning.known(of: root, for: profile)
        let processor = unadapted.adapted(to: known.current)
        heartbeat.advance(row.id, to: "looking for an earlier result")
        let format = task.output.format.imageFormat
        let identity = CaptureIdentity.of(digest: digest, fingerprint: processor.fingerprint, format: format)
        let commit = ResultCommit(ResultTrees(task.output))
        let places = Places(output: try await reserve(task), commit: commit)
        let facts = Facts(
            task: task, digest: digest, identity: identity, match: match, profile: profile, begin: begin,
            linking: task.output.duplicates == .link)
        let earlier = try await earlierIdentities(unadapted, known, facts, format)
        if let recovered = try await Blocking.run({ self.recovered(places, facts, earlier) }) { return recovered }
        guard inWork.begin(identity) else { throw AttemptError.sameInWork }
        defer { inWork.end(identity) }
        if let earlier = try await ledger.result(identity: identity, besides: row.id),
            let copied = try await Blocking.run({ try self.duplicate(earlier, places, facts, gate: gate) })
        {
            return copied
        }
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
            let older = try commit.commit(
                .bytes(rendered.image), sidecar: try sidecar.json(), output: places.output,
                in: .init(sidecar.verdict.delivery))
            return Committed(result: facts.result(sidecar, output: places.output), older: older, how: .normalized)
        }
    }

    /// The name of the capture's result below either tree.
    private func reserve(_ task: Task) async throws -> [UInt8] {
        let names = OutputNames.candidates(
            lab: task.root.settings.lab, path: task.row.path, format: task.output.format.imageFormat)
        guard let output = try await ledger.reserve(task.row.id, outputs: names)?.output else {
            throw AttemptError.notYet(
                note: "all names for its result are taken", due: clock.now.milliseconds + 10_000)
        }
        return output
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

    /// The result that an earlier process committed and could not tell of.
    ///
    /// - Parameter earlier: identities that its result may have had then.
    private func recovered(_ places: Places, _ facts: Facts, _ earlier: Set<String>) -> Committed? {
        for tree in ResultTrees.Tree.allCases {
            guard let identity = places.commit.sidecar(of: places.output, in: tree)?.capture?.identity,
                identity == facts.identity || earlier.contains(identity),
                let sidecar = places.commit.soundSidecar(of: places.output, in: tree),
                ResultTrees.Tree(sidecar.verdict.delivery) == tree
            else { continue }
            var facts = facts
            facts.identity = identity
            return Committed(result: facts.result(sidecar, output: places.output), older: nil, how: .recovered)
        }
        return nil
    }

    /// Which identities a result may have that an earlier process committed and could not tell of, where the lab's colors
    /// were learned just after: those by what was learned before. Not those that the ledger knows of this capture.
    private func earlierIdentities(
        _ processor: any CaptureProcessor, _ known: LabLearning.Known, _ facts: Facts, _ format: ImageFormat
    ) async throws -> Set<String> {
        guard facts.task.row.crashes > 0, !known.current.isEmpty else { return [] }
        let fingerprints = [processor.fingerprint] + known.earlier.map { processor.adapted(to: $0).fingerprint }
        let identities = fingerprints.map {
            CaptureIdentity.of(digest: facts.digest, fingerprint: $0, format: format)
        }
        return Set(identities).subtracting(try await ledger.results(of: facts.task.row.id).map(\.identity))
    }

    /// Commits a link to, or a copy of, the result of another capture with the same bytes and settings.
    private func duplicate(
        _ earlier: ResultRow, _ places: Places, _ facts: Facts, gate: WorkGate
    ) throws -> Committed? {
        let tree = ResultTrees.Tree(delivery: earlier.delivery)
        guard var sidecar = places.commit.soundSidecar(of: earlier.output, in: tree),
            sidecar.capture?.identity == facts.identity
        else { return nil }
        sidecar.createdAt = Timestamp.text(Date())
        sidecar.source.path = facts.task.name
        sidecar.output.path = places.name(for: sidecar.verdict.delivery)
        sidecar.capture = facts.capture(duplicateOf: earlier.output)
        guard gate.beginCommit() else { throw AttemptError.abandoned }
        let older = try places.commit.commit(
            .existing(earlier.output, in: tree, linking: facts.linking, sha256: sidecar.output.sha256),
            sidecar: try sidecar.json(), output: places.output, in: .init(sidecar.verdict.delivery))
        return Committed(result: facts.result(sidecar, output: places.output), older: older, how: .duplicate)
    }
}
