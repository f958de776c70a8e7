import Config
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Watching

/// One look at a lab's captures: which are there, what they show, and whether that is what was known. Behind all that the
/// daemon does for captures, and one capture at a time, each out of the same budget of memory. Ends at once where its task
/// is cancelled.
struct LearningRun: Sendable {
    let ledger: Ledger
    let root: WatchedRoot
    let profile: Profile
    let limits: ImageLimits
    /// Where captures are decoded.
    let desks: any DeskSource
    let memory: MemoryBudget
    let priority: LowPriority
    /// What is in force.
    let colors: LearnedColors

    /// What was found.
    struct Outcome: Sendable {
        /// Captures that were looked at and show what is to be learned.
        var captures = 0
        /// The lights in force from now on; nil where those that are known stand, or too few captures tell of any.
        var lights: [FlatField]?
        /// By how much a light moved; nil where none did.
        var lightChange: Float?
        /// The palette; nil where none is to be learned, or too few captures tell of it.
        var palette: (learned: LabPalette, decision: LearningPolicy.Decision)?
        /// It is from captures since the last learning alone, for the colors or the light changed then.
        var isNew = false
    }

    private var policy: LearningPolicy { LearningPolicy(learnAfter: profile.learnAfter) }

    /// Learns from the newest captures.
    ///
    /// Those since the last learning come first: where they alone show that the light or the lab's colors moved, those of
    /// before belong to others and are left out. The palette is learned under the light that will be in force.
    ///
    /// - Parameters:
    ///   - last: when the last learning began, seconds since 1970.
    ///   - since: older captures are of other colors.
    ///
    /// Throws `CancellationError`, ``JobFailure``, and what the ledger throws.
    func run(last: Double, since: Double) async throws -> Outcome {
        let known = colors
        let rows = try await newest(since: since)
        let isFresh: (CaptureRow) -> Bool = { ($0.finishedAt ?? 0) > last }
        let fresh = rows.filter(isFresh)
        var older = rows.filter { !isFresh($0) }
        var outcome = Outcome()
        if profile.learnsLight { try await learnLight(fresh, older, known.lights.map(\.field), &outcome) }
        if outcome.isNew { older = [] }
        guard profile.learnsPalette else { return outcome }

        var survey = PaletteSurvey(under: try light(known.lights, outcome), workers: Self.workers)
        try await look(at: fresh, &survey)
        if let palette = known.palette?.palette, survey.images >= policy.fewest, !older.isEmpty {
            let learned = try await self.palette(of: survey)
            let decision = LearningPolicy.decision(known: palette, learned: learned)
            if case .replaced = decision {
                outcome.isNew = true
                outcome.captures = survey.images
                outcome.palette = (learned, decision)
                return outcome
            }
        }
        try await look(at: older, &survey)
        outcome.captures = survey.images
        guard survey.images >= policy.fewest else { return outcome }
        let learned = try await palette(of: survey)
        let decision = LearningPolicy.decision(known: known.palette?.palette, learned: learned)
        if case .replaced = decision, older.isEmpty { outcome.isNew = true }
        outcome.palette = (learned, decision)
        return outcome
    }

    private static let workers = Workers(threads: 1)

    /// What is done about captures' light before their colors are learned.
    private func light(_ known: [KnownLight], _ outcome: Outcome) throws -> LightCorrection {
        if let lights = outcome.lights {
            return .learned(lights.map { KnownLight(field: $0, source: .learned, path: nil, sha256: "") })
        }
        if profile.learnsLight, !known.isEmpty { return .learned(known) }
        return try LightCorrection(profile.flatField, workers: Self.workers)
    }

    private func learnLight(
        _ fresh: [CaptureRow], _ older: [CaptureRow], _ known: [FlatField], _ outcome: inout Outcome
    ) async throws {
        var survey = LightSurvey()
        try await look(at: fresh, &survey)
        if !known.isEmpty, !older.isEmpty,
            let (lights, change) = LightDrift.decision(known: known, learned: try await fields(of: survey)),
            change != nil
        {
            (outcome.lights, outcome.lightChange, outcome.isNew) = (lights, change, true)
            return
        }
        try await look(at: older, &survey)
        let learned = try await fields(of: survey)
        outcome.captures = learned.map(\.captures).max() ?? survey.largest?.estimator.count ?? 0
        if let (lights, change) = LightDrift.decision(known: known, learned: learned) {
            (outcome.lights, outcome.lightChange) = (lights, change)
        }
    }

    private func look(at rows: [CaptureRow], _ survey: inout LightSurvey) async throws {
        for row in rows {
            let name = root.name(of: row.path)
            let seen = try await look(at: row) { picture in LightSurvey.look(at: name) { try picture.get() } }
            if let seen { survey.add(name, seen) }
        }
    }

    private func fields(of survey: LightSurvey) async throws -> [FlatField] {
        try Task.checkCancellation()
        return try await priority.run { survey.fields(workers: Self.workers) }
    }

    /// The newest captures whose files are still what they were, each content once, by their names.
    private func newest(since: Double) async throws -> [CaptureRow] {
        var found: [CaptureRow] = []
        var digests: Set<String> = []
        var offset = 0
        while found.count < LearningPolicy.most, offset < 5 * LearningPolicy.most {
            try Task.checkCancellation()
            let page = try await ledger.transferred(
                root: root.id, profile: profile.name, after: since, limit: LearningPolicy.most, offset: offset)
            let there = try await priority.run {
                page.filter { (try? root.source.stamp(of: $0.path).isSameContent(as: $0.stamp)) == true }
            }
            for row in there where found.count < LearningPolicy.most {
                if digests.insert(row.digest ?? "").inserted { found.append(row) }
            }
            if page.count < LearningPolicy.most { break }
            offset += page.count
        }
        return found.sorted { $0.path.bytes.lexicographicallyPrecedes($1.path.bytes) }
    }

    private func look(at rows: [CaptureRow], _ survey: inout PaletteSurvey) async throws {
        for row in rows {
            let before = survey
            let after = try await look(at: row) { picture in
                var survey = before
                survey.look(at: root.name(of: row.path)) { try picture.get() }
                return survey
            }
            survey = after ?? survey
        }
    }

    private typealias Picture = Result<RGBImage, JobFailure>

    /// Does something with a capture that takes what a capture takes of memory; nil for one that cannot be had any more.
    private func look<Seen: Sendable>(
        at row: CaptureRow, _ body: @escaping @Sendable (Picture) -> Seen
    ) async throws -> Seen? {
        guard let bytes = try await atDesk({ desk in try await need(row, at: desk) }),
            let share = try await share(of: bytes)
        else { return nil }
        defer { memory.release(share) }
        let picture: Picture
        do {
            picture = .success(try await atDesk { desk in try await self.picture(row, at: desk) })
        } catch {
            picture = .failure(JobFailure(error, file: root.name(of: row.path)))
        }
        try Task.checkCancellation()
        return try await priority.run {
            FailPoint.whileLearning.pass()
            return body(picture)
        }
    }

    /// Does something at a desk, and leaves it.
    private func atDesk<Found>(_ body: (any CaptureDesk) async throws -> Found) async throws -> Found {
        try Task.checkCancellation()
        let desk = try await desks.desk(for: profile, learned: colors)
        do {
            let found = try await body(desk)
            await desk.leave()
            return found
        } catch {
            await desk.leave()
            throw error
        }
    }

    /// Waits, at no desk, until there is so much memory; nil for more than a capture may take.
    private func share(of bytes: Int) async throws -> MemoryBudget.Share? {
        while true {
            try Task.checkCancellation()
            let changes = memory.changes
            do {
                return try memory.take(bytes)
            } catch .full {
                await memory.change(after: changes)
            } catch .tooLarge {
                return nil
            } catch .closed {
                throw CancellationError()
            }
        }
    }

    /// What the capture may take of memory; nil for one that cannot be looked at any more.
    private func need(_ row: CaptureRow, at desk: any CaptureDesk) async throws -> Int? {
        guard let header = try? await desk.header(of: row.path, in: root.source),
            (try? limits.check(header, path: root.name(of: row.path))) != nil
        else { return nil }
        // It is decoded, and looked at as a whole.
        return CaptureMemory(profile, usingVGG: false).bytes(header, fileBytes: Int(clamping: row.stamp.size))
    }

    private func picture(_ row: CaptureRow, at desk: any CaptureDesk) async throws -> RGBImage {
        let name = root.name(of: row.path)
        let read = try await desk.read(row.path, in: root.source, limit: limits.maximumBytes)
        guard read.before.isSameContent(as: row.stamp), read.after.isSameContent(as: row.stamp) else {
            throw JobFailure(file: name, cause: "it changed", remedy: "it is left out")
        }
        _ = try await desk.decode(name: name, options: root.reading(profile, of: row.path, within: limits))
        return try await desk.picture()
    }

    private func palette(of survey: PaletteSurvey) async throws -> LabPalette {
        try Task.checkCancellation()
        return try await priority.run { try survey.palette() }
    }
}
