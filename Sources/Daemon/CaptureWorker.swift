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
    /// In this process.
    let ownDesks: any DeskSource
    /// In processes of their own.
    let pool: any DeskSource
    let memory: MemoryBudget
    let learning: LabLearning
    let clock: any DaemonClock
    let log: EventLog
    let heartbeat: Heartbeat
    let inWork = IdentitiesInWork()

    /// Deaths of the daemon during a capture's work after which it is not tried again: fewer than a service manager
    /// allows before it gives the daemon up.
    static let mostCrashes = 6
    /// Workers that a capture may cost before it is not tried again.
    static let mostWorkers = 3

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
        var isolation: DaemonConfiguration.Isolation
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

    // MARK: One attempt

    private func attempt(_ task: Task, gate: WorkGate, findings: inout Findings) async throws -> Committed {
        FailPoint.afterAttempt.pass()
        let row = task.row
        if row.crashes >= Self.mostCrashes {
            throw AttemptError.lasting(
                CaptureFailure(
                    code: "crashed", message: "the daemon died \(row.crashes) times while it worked on this file",
                    remedy: "export it again, then `nctd retry`; please report the file, this is a defect of nctd"))
        }
        let seat = try await Seat.take(for: task, of: self)
        do {
            try await look(task, at: seat.desk, gate: gate)
            let share = try await take(try await need(task, at: seat.desk), task)
            defer { memory.release(share) }
            let committed = try await normalize(task, seat, gate: gate, findings: &findings)
            await seat.leave()
            return committed
        } catch {
            await seat.leave()
            throw error
        }
    }

    /// Throws unless the file may be read now.
    private func look(_ task: Task, at desk: any CaptureDesk, gate: WorkGate) async throws {
        heartbeat.advance(task.row.id, to: "looking whether it is whole")
        let budget = ReadBudget(isCancelled: { gate.isAbandoned })
        switch try await Readiness.of(
            task.row, in: task.root, at: desk, limits: task.limits, budget: budget, now: clock.now)
        {
        case .ready: return
        case .notYet(_, _, let stamp?): throw AttemptError.changed(stamp)
        case .notYet(let due, let note, nil): throw AttemptError.notYet(note: note, due: due)
        case .gone(let reason): throw AttemptError.gone(reason)
        case .failed(let failure): throw AttemptError.lasting(failure)
        }
    }

    /// What the capture may take of memory, from its size and header.
    private func need(_ task: Task, at desk: any CaptureDesk) async throws -> Int {
        let row = task.row
        heartbeat.advance(row.id, to: "reading its header")
        var header: ImageHeader?
        do {
            let found = try await desk.header(of: row.path, in: task.root.source)
            try task.limits.check(found, path: task.name)
            header = found
        } catch let error as ImageFileError where error.code != .tooLarge {
            // Decoding says what is wrong with it.
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

    private func normalize(
        _ task: Task, _ seat: Seat, gate: WorkGate, findings: inout Findings
    ) async throws -> Committed {
        let begin = ContinuousClock().now
        let (row, root) = (task.row, task.root)
        let digest = try await read(task, at: seat.desk)
        findings.digest = digest
        heartbeat.advance(row.id, to: "matching")
        var metadata: ImageMetadata?
        if root.matcher.needsMetadata {
            metadata = try await seat.desk.decode(name: task.name, limits: task.limits).metadata
        }
        guard let match = root.matcher.match(row.path, metadata: metadata) else { throw AttemptError.unmatched }
        findings.match = match
        guard let profile = task.profiles[match.profile] else {
            throw AttemptError.profile(match.profile, reason: "there is no such profile")
        }
        findings.profile = profile
        if try await seat.move(to: profile, for: task, of: self) {
            metadata = nil
            guard try await read(task, at: seat.desk) == digest else { throw AttemptError.changed(row.stamp) }
        }
        heartbeat.advance(row.id, to: "looking for an earlier result")
        let engine = seat.desk.identity.adapted(to: seat.known.current)
        let format = task.output.format.imageFormat
        let identity = CaptureIdentity.of(digest: digest, fingerprint: engine.fingerprint, format: format)
        let commit = ResultCommit(ResultTrees(task.output))
        let places = Places(output: try await reserve(task), commit: commit)
        let facts = Facts(
            task: task, digest: digest, identity: identity, match: match, profile: profile, begin: begin,
            linking: task.output.duplicates == .link)
        let earlier = try await earlierIdentities(seat, facts, format)
        if let recovered = try await Blocking.run({ self.recovered(places, facts, earlier) }) { return recovered }
        guard inWork.begin(identity) else { throw AttemptError.sameInWork }
        defer { inWork.end(identity) }
        if let earlier = try await ledger.result(identity: identity, besides: row.id),
            let copied = try await Blocking.run({ try self.duplicate(earlier, places, facts, gate: gate) })
        {
            return copied
        }
        if metadata == nil {
            heartbeat.advance(row.id, to: "decoding")
            _ = try await seat.desk.decode(name: task.name, limits: task.limits)
        }
        FailPoint.afterDecoding.pass()
        heartbeat.advance(row.id, to: "normalizing")
        let rendered = try await seat.desk.render(
            RenderOrder(source: task.name, format: format, targets: places.names))
        FailPoint.afterNormalization.pass()
        heartbeat.advance(row.id, to: "committing")
        return try await Blocking.run {
            var sidecar = rendered.sidecar
            sidecar.capture = facts.capture()
            guard gate.beginCommit() else { throw AttemptError.abandoned }
            let older = try commit.commit(
                .bytes(rendered.image), sidecar: try sidecar.json(), output: places.output,
                in: .init(sidecar.verdict.delivery))
            return Committed(result: facts.result(sidecar, output: places.output), older: older, how: .normalized)
        }
    }

    /// Reads the file at a desk; returns its digest.
    private func read(_ task: Task, at desk: any CaptureDesk) async throws -> String {
        heartbeat.advance(task.row.id, to: "reading")
        let read = try await desk.read(task.row.path, in: task.root.source, limit: task.limits.maximumBytes)
        guard read.before.isSameContent(as: task.row.stamp), read.after.isSameContent(as: task.row.stamp) else {
            throw AttemptError.changed(read.after)
        }
        return read.digest
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
    private func earlierIdentities(_ seat: Seat, _ facts: Facts, _ format: ImageFormat) async throws -> Set<String> {
        guard facts.task.row.crashes > 0, !seat.known.current.isEmpty else { return [] }
        let engine = seat.desk.identity
        let fingerprints = [engine.fingerprint] + seat.known.earlier.map { engine.adapted(to: $0).fingerprint }
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
