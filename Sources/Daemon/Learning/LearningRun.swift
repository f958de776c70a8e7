import Config
import ImageFiles
import Jobs
import Ledger
import NCTEngine
import Synchronization
import Watching

/// One look at a lab's captures: which are there, what they show, and whether that is what was known. Behind all that the
/// daemon does for captures, and one capture at a time, each out of the same budget of memory.
struct LearningRun: Sendable {
    let ledger: Ledger
    let root: WatchedRoot
    let profile: Profile
    let limits: ImageLimits
    let memory: MemoryBudget
    let cancellation: LearningCancellation

    enum Outcome: Sendable {
        /// So many captures are there and show a smear.
        case tooFew(Int)
        /// - isNew: from captures since the last learning alone, for the lab's colors changed then.
        case learned(LabPalette, LearningPolicy.Decision, isNew: Bool)
    }

    private var policy: LearningPolicy { LearningPolicy(learnAfter: profile.learnAfter) }

    /// Learns from the newest captures.
    ///
    /// Those since the last learning come first: where they alone show that the lab's colors moved, those of before belong
    /// to other colors and are left out.
    ///
    /// - Parameters:
    ///   - known: the palette in force.
    ///   - last: when the last learning began, seconds since 1970.
    ///   - since: older captures are of other colors.
    ///
    /// Throws `CancellationError`, ``JobFailure``, and what the ledger throws.
    func run(known: LabPalette?, last: Double, since: Double) async throws -> Outcome {
        let rows = try await newest(since: since)
        let isFresh: (CaptureRow) -> Bool = { ($0.finishedAt ?? 0) > last }
        let workers = Workers(threads: 1)
        var survey = PaletteSurvey(under: try LightCorrection(profile.flatField, workers: workers), workers: workers)
        try await look(at: rows.filter(isFresh), &survey)
        if let known, survey.images >= policy.fewest {
            let palette = try await palette(of: survey)
            if case .replaced(let drift) = LearningPolicy.decision(known: known, learned: palette) {
                return .learned(palette, .replaced(drift), isNew: true)
            }
        }
        try await look(at: rows.filter { !isFresh($0) }, &survey)
        guard survey.images >= policy.fewest else { return .tooFew(survey.images) }
        let palette = try await palette(of: survey)
        return .learned(palette, LearningPolicy.decision(known: known, learned: palette), isNew: false)
    }

    /// The newest captures whose files are still what they were, each content once, by their names.
    private func newest(since: Double) async throws -> [CaptureRow] {
        var found: [CaptureRow] = []
        var digests: Set<String> = []
        var offset = 0
        while found.count < LearningPolicy.most, offset < 5 * LearningPolicy.most {
            try cancellation.check()
            let page = try await ledger.transferred(
                root: root.id, profile: profile.name, after: since, limit: LearningPolicy.most, offset: offset)
            let there = try await LowPriority.run {
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
            try cancellation.check()
            guard let bytes = try await need(row), bytes <= memory.total else { continue }
            let share: MemoryBudget.Share
            do {
                share = try await memory.take(bytes)
            } catch MemoryBudget.Refusal.tooLarge {
                continue
            } catch {
                throw CancellationError()
            }
            defer { memory.release(share) }
            let before = survey
            survey = try await LowPriority.run {
                var survey = before
                survey.look(at: root.name(of: row.path)) { try contents(row) }
                return survey
            }
        }
    }

    /// What the capture may take of memory; nil for one that cannot be looked at any more.
    private func need(_ row: CaptureRow) async throws -> Int? {
        try await LowPriority.run {
            guard let header = try? root.source.header(of: row.path),
                (try? limits.check(header, path: root.name(of: row.path))) != nil
            else { return nil }
            return CaptureMemory.bytes(header, fileBytes: Int(clamping: row.stamp.size))
        }
    }

    private func contents(_ row: CaptureRow) throws -> [UInt8] {
        let read = try root.source.read(row.path, limit: limits.maximumBytes)
        guard read.before.isSameContent(as: row.stamp), read.after.isSameContent(as: row.stamp) else {
            throw JobFailure(file: root.name(of: row.path), cause: "it changed", remedy: "it is left out")
        }
        return read.bytes
    }

    private func palette(of survey: PaletteSurvey) async throws -> LabPalette {
        try cancellation.check()
        return try await LowPriority.run { try survey.palette() }
    }
}

/// Asks a learning to end.
final class LearningCancellation: Sendable {
    private let isAskedFor = Atomic(false)

    func request() { isAskedFor.store(true, ordering: .sequentiallyConsistent) }

    func check() throws {
        if isAskedFor.load(ordering: .sequentiallyConsistent) { throw CancellationError() }
    }
}
