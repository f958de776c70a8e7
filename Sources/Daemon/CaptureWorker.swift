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
    let live: LiveConfiguration
    let written: WrittenTrees
    let pauses: Pauses
    let clock: any DaemonClock
    let log: EventLog
    let heartbeat: Heartbeat
    let inWork = IdentitiesInWork()

    /// Deaths of the daemon during a capture's work after which it is not tried again: fewer than a service manager
    /// allows before it gives the daemon up.
    static let mostCrashes = 6
    /// Workers that a capture may cost before it is not tried again.
    static let mostWorkers = 3
    /// Looks at a capture, each of which finds it changed, after which that is said.
    static let restless = 20
    /// No step takes longer; milliseconds.
    static let longestStep: Int64 = 86_400_000

    /// What the dispatcher must know of a work that ended.
    enum Outcome: Sendable, Equatable {
        case ended
        /// It was too early, or its surroundings were in its way.
        case waits
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
        /// For profiles that name none.
        var weights: String?
        var isolation: DaemonConfiguration.Isolation
        var retry: RetryPolicy
        /// Of memory, for one that waited for it.
        var share: MemoryBudget.Share?
        var name: String { root.name(of: row.path) }
    }

    /// What an attempt found out, for the ending's record.
    struct Findings {
        var digest: String?
        var match: RuleMatcher.Match?
        var profile: Profile?
        /// What no other capture may be at until the ledger knows of this attempt's end.
        var held: [String] = []
    }

    struct Committed {
        var result: ResultRow
        var older: Ledger.KeptVersion?
        var how: DaemonEvent.Finished.How
        /// Why it is less than good, what was noted, and what its reader had to overlook or to guess.
        var notes: [String]
        /// How many pages of its file are captures.
        var pages = 1
        /// The path that the capture had before, where its result followed it: that is in the ledger already.
        var former: CapturePath?

        init(_ rename: Rename, _ outcome: FollowedRename.Outcome) {
            result = rename.result
            result.output = rename.capture.output ?? rename.result.output
            older = outcome.older
            how = .renamed
            notes = []
            former = rename.former.path
        }

        init(
            _ facts: Facts, _ sidecar: Sidecar, output: [UInt8], _ replaced: ResultCommit.Replaced = .init(),
            how: DaemonEvent.Finished.How
        ) {
            result = facts.result(sidecar, output: output)
            pages = facts.pages(sidecar)
            older = replaced.older
            self.how = how
            notes = sidecar.verdict.texts + sidecar.warnings
            notes += replaced.aside.map {
                "what lay there was not the result that its sidecar spoke of, and was put aside as "
                    + CapturePath.printable($0)
            }
        }

        /// Something more is known of the lab's colors.
        var isNewlyTransferred: Bool {
            how != .duplicate && how != .renamed && result.treatment == Ledger.transferred
        }
    }

    func work(_ task: Task, gate: WorkGate) async -> Outcome {
        var findings = Findings()
        defer { inWork.end(findings.held) }
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
        if committed.former == nil { await persist { try await enterPages(of: task, committed.pages) } }
        FailPoint.beforeDone.pass()
        if committed.former == nil {
            let ending: Ledger.Ending =
                committed.how == .recovered
                ? .found(committed.result, rule: rule) : .done(committed.result, rule: rule, older: committed.older)
            await persist {
                try await ledger.end(task.row.id, stamp: task.row.stamp, ending, now: clock.now)
            }
        }
        FailPoint.afterDone.pass()
        pauses.acquit(task.row.id)
        await release(task, of: task.row.path)
        let result = committed.result
        if let former = committed.former {
            return log.write(
                .renamed(
                    lab: task.root.settings.lab, file: task.name, former: task.root.name(of: former),
                    output: CapturePath.printable(result.output)))
        }
        log.write(
            .done(
                .init(
                    lab: task.root.settings.lab, profile: result.profile, file: task.name, sha256: result.digest,
                    output: CapturePath.printable(result.output), verdict: result.verdict,
                    delivery: result.delivery, how: committed.how, version: committed.older?.number,
                    milliseconds: result.durationMilliseconds ?? 0, notes: committed.notes)))
    }

    /// Takes away what the quarantine has of a capture that was done after all.
    func release(_ task: Task, of path: CapturePath) async {
        guard written.isKnown(task.output.quarantineDirectory) else { return }
        await Blocking.run { [written] in
            guard let tree = try? written.open(.quarantine, at: task.output.quarantineDirectory),
                let rules = try? written.rules(of: tree)
            else { return }
            Quarantine(tree, rules: rules).release(lab: task.root.settings.lab, path: path)
        }
    }

    // MARK: One attempt

    private func attempt(_ task: Task, gate: WorkGate, findings: inout Findings) async throws -> Committed {
        FailPoint.afterAttempt.pass()
        var share = task.share
        defer { if let share { memory.release(share) } }
        if let followed = try await settleRenames(task, gate: gate, &findings) { return followed }
        if task.row.crashes >= Self.mostCrashes { throw AttemptError.lasting(.crashed(times: task.row.crashes)) }
        let seat = try await Seat.take(for: task, of: self)
        do {
            try await look(task, at: seat.desk, gate: gate)
            try admit(task, try await need(task, at: seat), &share)
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

    /// What the capture may take of memory, from its size, its header and its profile.
    private func need(_ task: Task, at seat: Seat) async throws -> Int {
        let row = task.row
        heartbeat.advance(row.id, to: "reading its header")
        var header: ImageHeader?
        do {
            let found = try await seat.desk.header(of: row.path, in: task.root.source)
            try task.limits.check(found, path: task.name)
            header = found
        } catch let error as ImageFileError where error.code != .tooLarge {
            // Decoding says what is wrong with it.
        }
        // Where its metadata tell the profile, it may be another than the seat's.
        let others =
            task.root.matcher.needsMetadata ? task.root.settings.rules.compactMap { task.profiles[$0.profile] } : []
        let needs = ([seat.profile] + others).map {
            CaptureMemory($0, weights: task.weights).bytes(header, fileBytes: Int(clamping: row.stamp.size)) ?? .max
        }
        return needs.max() ?? .max
    }

    /// Takes what the capture needs of memory, if it does not have as much already. It does not wait here, where others
    /// could be worked on.
    private func admit(_ task: Task, _ bytes: Int, _ share: inout MemoryBudget.Share?) throws {
        if let share, share.bytes >= bytes { return }
        if let taken = share {
            share = nil
            memory.release(taken)
        }
        do {
            share = try memory.take(bytes, for: task.row.id)
        } catch .tooLarge(let largest) {
            throw AttemptError.lasting(.tooLarge(needing: bytes, largest: largest))
        } catch .full {
            throw AttemptError.memory(bytes)
        } catch .closed {
            throw AttemptError.notYet(note: nil, due: clock.now.milliseconds)
        }
    }

    private func normalize(
        _ task: Task, _ seat: Seat, gate: WorkGate, findings: inout Findings
    ) async throws -> Committed {
        let begin = ContinuousClock().now
        let (row, root) = (task.row, task.root)
        let fileDigest = try await read(task, at: seat.desk)
        let digest = row.path.digest(ofFile: fileDigest)
        findings.digest = digest
        heartbeat.advance(row.id, to: "matching")
        // How the profile has files read is known once it is; until then, what the file says of the instrument counts.
        var metadata: ImageMetadata?
        let decoded = ReadingOptions(limits: task.limits, pages: .first)
        if root.matcher.needsMetadata || row.path.page != nil {
            metadata = try await seat.desk.decode(name: task.name, options: decoded).metadata
        }
        guard let match = root.matcher.match(row.path, metadata: metadata) else { throw AttemptError.unmatched }
        findings.match = match
        guard let profile = task.profiles[match.profile] else {
            throw AttemptError.profile(match.profile, reason: "there is no such profile")
        }
        findings.profile = profile
        if let followed = try await follow(task, digest, match, gate: gate, &findings) { return followed }
        try checkPage(task, among: metadata?.pageCount ?? 1, isResult: profile.isResultEachPage)
        if try await seat.move(to: profile, for: task, of: self) {
            metadata = nil
            guard try await read(task, at: seat.desk) == fileDigest else { throw AttemptError.changed(row.stamp) }
        }
        heartbeat.advance(row.id, to: "looking for an earlier result")
        let engine = seat.desk.identity.adapted(to: seat.known.current)
        let format = task.output.format.imageFormat
        let identity = CaptureIdentity.of(digest, engine, profile, in: root, format)
        let commit = ResultCommit(try await Blocking.run { try self.written.results(task.output) })
        let places = Places(output: try await reserve(task, in: commit.trees), commit: commit)
        let facts = Facts(
            task: task, digest: digest, identity: identity, match: match, profile: profile, begin: begin,
            linking: task.output.duplicates == .link, lastVersion: try await ledger.lastVersion(of: row.id))
        let earlier = try await earlierIdentities(seat, facts, format)
        if let recovered = try await Blocking.run({ try self.recovered(places, facts, earlier) }) { return recovered }
        try hold(identity, &findings)
        if let earlier = try await ledger.result(identity: identity, besides: row.id),
            let copied = try await Blocking.run({ try self.duplicate(earlier, places, facts, gate: gate) })
        {
            return copied
        }
        let reading = root.reading(profile, of: row.path, within: task.limits)
        if !(metadata.map { decoded.read(alike: reading, pageCount: $0.pageCount) } ?? false) {
            heartbeat.advance(row.id, to: "decoding")
            _ = try await seat.desk.decode(name: task.name, options: reading)
        }
        FailPoint.afterDecoding.pass()
        heartbeat.advance(row.id, to: "normalizing")
        let rendered = try await seat.desk.render(
            RenderOrder(source: root.name(of: row.path.file), format: format, targets: places.names))
        FailPoint.afterNormalization.pass()
        heartbeat.advance(row.id, to: "committing")
        return try await Blocking.run {
            var sidecar = rendered.sidecar
            sidecar.capture = facts.capture(sidecar)
            let json = try sidecar.json()
            let trees = try self.treesWithRoom(task, for: sidecar.verdict.delivery)
            guard gate.beginCommit() else { throw AttemptError.abandoned }
            let replaced = try ResultCommit(trees).commit(
                .bytes(rendered.image), sidecar: json, output: places.output, in: .init(sidecar.verdict.delivery),
                after: facts.lastVersion)
            self.pauses.succeeded(at: Self.places(of: sidecar.verdict.delivery))
            return Committed(facts, sidecar, output: places.output, replaced, how: .normalized)
        }
    }

    /// Keeps other captures from what only one may be at, until this attempt is over.
    func hold(_ key: String, _ findings: inout Findings) throws {
        guard inWork.begin(key) else { throw AttemptError.sameInWork }
        findings.held.append(key)
    }

    /// Reads the file at a desk; returns its digest.
    private func read(_ task: Task, at desk: any CaptureDesk) async throws -> String {
        heartbeat.advance(task.row.id, to: "reading")
        let read = try await desk.read(task.row.path, in: task.root.source, limit: task.limits.maximumBytes)
        guard read.before.isSameContent(as: task.row.stamp), read.after.isSameContent(as: task.row.stamp) else {
            throw AttemptError.changed(read.after)
        }
        pauses.succeeded(at: [.root(task.row.root), .machine])
        try await readNotes(task, at: desk)
        return read.digest
    }

    /// The trees of results as they are when the commit begins.
    func treesWithRoom(_ task: Task, for delivery: Sidecar.Delivery) throws -> ResultTrees {
        let trees = try written.results(task.output, held: delivery == .held)
        for tree in trees.open.values { try FreeSpaceGuard(task.output).check(tree) }
        return trees
    }

    static func places(of delivery: Sidecar.Delivery) -> [Pauses.Place] {
        delivery == .held ? [.tree(.output), .tree(.held)] : [.tree(.output)]
    }
}
