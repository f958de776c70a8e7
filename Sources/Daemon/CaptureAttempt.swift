import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// One attempt at a capture: looked at, admitted, read, matched, then a result that is there is taken or one is made.
extension CaptureWorker {
    func attempt(_ claim: Claim, gate: WorkGate, findings: inout Findings) async throws -> Committed {
        FailPoint.afterAttempt.pass()
        var share = claim.share
        defer { if let share { memory.release(share) } }
        if let followed = try await settleRenames(claim, gate: gate, &findings) { return followed }
        if claim.row.crashes >= Self.mostCrashes { throw AttemptError.lasting(.crashed(times: claim.row.crashes)) }
        let seat = try await Seat.take(for: claim, of: self)
        do {
            try await look(claim, at: seat.desk, gate: gate)
            try admit(claim, try await need(claim, at: seat), &share)
            let committed = try await normalize(claim, seat, gate: gate, findings: &findings)
            await seat.leave()
            return committed
        } catch {
            await seat.leave()
            throw error
        }
    }

    /// Throws unless the file may be read now.
    private func look(_ claim: Claim, at desk: any CaptureDesk, gate: WorkGate) async throws {
        heartbeat.advance(claim.row.id, to: "looking whether it is whole")
        let budget = ReadBudget(isCancelled: { gate.isAbandoned })
        switch try await Readiness.of(
            claim.row, in: claim.root, at: desk, limits: claim.limits, budget: budget, now: clock.now)
        {
        case .ready: return
        case .notYet(_, _, let stamp?): throw AttemptError.changed(stamp)
        case .notYet(let due, let note, nil): throw AttemptError.notYet(note: note, due: due)
        case .gone(let reason): throw AttemptError.gone(reason)
        case .failed(let failure): throw AttemptError.lasting(failure)
        }
    }

    /// What the capture may take of memory, from its size, its header and its profile.
    private func need(_ claim: Claim, at seat: Seat) async throws -> Int {
        let row = claim.row
        heartbeat.advance(row.id, to: "reading its header")
        var header: ImageHeader?
        do {
            let found = try await seat.desk.header(of: row.path, in: claim.root.source)
            try claim.limits.check(found, path: claim.name)
            header = found
        } catch let error as ImageFileError where error.code != .tooLarge {
            // Decoding says what is wrong with it.
        }
        // Where its metadata tell the profile, it may be another than the seat's.
        let others =
            claim.root.matcher.needsMetadata ? claim.root.settings.rules.compactMap { claim.profiles[$0.profile] } : []
        let needs = ([seat.profile] + others).map {
            CaptureMemory($0, weights: claim.weights).bytes(header, fileBytes: Int(clamping: row.stamp.size)) ?? .max
        }
        return needs.max() ?? .max
    }

    /// Takes what the capture needs of memory, if it does not have as much already. It does not wait here, where others
    /// could be worked on.
    private func admit(_ claim: Claim, _ bytes: Int, _ share: inout MemoryBudget.Share?) throws {
        if let share, share.bytes >= bytes { return }
        if let taken = share {
            share = nil
            memory.release(taken)
        }
        do {
            share = try memory.take(bytes, for: claim.row.id)
        } catch .tooLarge(let largest) {
            throw AttemptError.lasting(.tooLarge(needing: bytes, largest: largest))
        } catch .full {
            throw AttemptError.memory(bytes)
        } catch .closed {
            throw AttemptError.notYet(note: nil, due: clock.now.milliseconds)
        }
    }

    /// Reads it, finds its profile, and takes a result that is there or makes one.
    private func normalize(
        _ claim: Claim, _ seat: Seat, gate: WorkGate, findings: inout Findings
    ) async throws -> Committed {
        let begin = ContinuousClock().now
        let fileDigest = try await read(claim, at: seat.desk)
        let digest = claim.row.path.digest(ofFile: fileDigest)
        findings.digest = digest
        var matched = try await match(claim, at: seat.desk, &findings)
        if let followed = try await follow(claim, digest, matched.match, gate: gate, &findings) { return followed }
        try checkPage(
            claim, among: matched.metadata?.pageCount ?? 1, isResult: matched.profile.isResultEachPage)
        if try await seat.move(to: matched.profile, for: claim, of: self) {
            matched.metadata = nil
            guard try await read(claim, at: seat.desk) == fileDigest else {
                throw AttemptError.changed(claim.row.stamp)
            }
        }
        let (facts, places) = try await prepare(claim, digest, matched, at: seat, since: begin)
        if let reused = try await reuse(facts, places, seat, gate: gate, &findings) { return reused }
        let rendered = try await render(facts, places, seen: matched.metadata, at: seat.desk)
        heartbeat.advance(claim.row.id, to: "committing")
        return try await Blocking.run {
            try self.commit(.bytes(rendered.image), rendered.sidecar, facts, places, gate: gate, how: .normalized)
        }
    }

    /// Finds the profile by the rules. How that has files read is known once it is found; until then, what the file says of
    /// the instrument counts.
    private func match(
        _ claim: Claim, at desk: any CaptureDesk, _ findings: inout Findings
    ) async throws -> Matched {
        heartbeat.advance(claim.row.id, to: "matching")
        let (path, matcher) = (claim.row.path, claim.root.matcher)
        var metadata: ImageMetadata?
        if matcher.needsMetadata || path.page != nil {
            metadata = try await desk.decode(name: claim.name, options: claim.glance).metadata
        }
        guard let match = matcher.match(path, metadata: metadata) else { throw AttemptError.unmatched }
        findings.match = match
        guard let profile = claim.profiles[match.profile] else {
            throw AttemptError.profile(match.profile, reason: "there is no such profile")
        }
        findings.profile = profile
        return Matched(match: match, profile: profile, metadata: metadata)
    }

    /// What is known of its result before there is one, and the name that it gets.
    private func prepare(
        _ claim: Claim, _ digest: String, _ matched: Matched, at seat: Seat, since begin: ContinuousClock.Instant
    ) async throws -> (Facts, Places) {
        heartbeat.advance(claim.row.id, to: "looking for an earlier result")
        let engine = seat.desk.identity.adapted(to: seat.known.current)
        let identity = CaptureIdentity.of(digest, engine, matched.profile, in: claim.root, claim.format)
        let commit = ResultCommit(try await Blocking.run { try self.written.results(claim.output) })
        let places = Places(output: try await reserve(claim, in: commit.trees), commit: commit)
        let facts = Facts(
            claim: claim, digest: digest, identity: identity, match: matched.match, profile: matched.profile,
            begin: begin, results: try await ledger.results(of: claim.row.id))
        return (facts, places)
    }

    /// Decodes it as its profile says, where it was not decoded so already, and has the result worked out.
    private func render(
        _ facts: Facts, _ places: Places, seen: ImageMetadata?, at desk: any CaptureDesk
    ) async throws -> RenderedCapture {
        let claim = facts.claim
        let reading = claim.root.reading(facts.profile, of: claim.row.path, within: claim.limits)
        if !(seen.map { claim.glance.read(alike: reading, pageCount: $0.pageCount) } ?? false) {
            heartbeat.advance(claim.row.id, to: "decoding")
            _ = try await desk.decode(name: claim.name, options: reading)
        }
        FailPoint.afterDecoding.pass()
        heartbeat.advance(claim.row.id, to: "normalizing")
        let rendered = try await desk.render(
            RenderOrder(
                source: claim.root.name(of: claim.row.path.file), format: claim.format, targets: places.names))
        FailPoint.afterNormalization.pass()
        return rendered
    }

    /// Keeps other captures from what only one may be at, until this attempt is over.
    func hold(_ key: String, _ findings: inout Findings) throws {
        guard !findings.held.contains(key) else { return }
        guard inWork.begin(key) else { throw AttemptError.sameInWork }
        findings.held.append(key)
    }

    /// Reads the file at a desk; returns its digest.
    private func read(_ claim: Claim, at desk: any CaptureDesk) async throws -> String {
        heartbeat.advance(claim.row.id, to: "reading")
        let read = try await desk.read(claim.row.path, in: claim.root.source, limit: claim.limits.maximumBytes)
        guard read.before.isSameContent(as: claim.row.stamp), read.after.isSameContent(as: claim.row.stamp) else {
            throw AttemptError.changed(read.after)
        }
        pauses.succeeded(at: [.root(claim.row.root), .machine])
        try await readNotes(claim, at: desk)
        return read.digest
    }
}
