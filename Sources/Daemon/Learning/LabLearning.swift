import Config
import Foundation
import Jobs
import Ledger
import NCTEngine

/// Learns the colors of the watched labs from their captures, one lab at a time, and knows what was learned.
///
/// What goes wrong with it is said and costs no capture anything: captures go by what was learned before, or each by
/// itself.
actor LabLearning {
    private struct Key: Hashable {
        var lab: String
        var profile: String
    }

    /// A watched tree's and profile's lab, as far as it is known.
    private struct Entry {
        let folder: LearningFolder
        var record: LearningRecord
        var palette: LearnedPalette?
        var earlier: [LearnedPalette]
        /// What the palette's file looked like.
        var mark: [Int64]
        /// Captures that were transferred since the last learning.
        var captures: Int
        /// What was learned is missing or damaged.
        var isLost: Bool
    }

    /// What captures go by.
    struct Known: Sendable {
        var current: LearnedPalette?
        /// What earlier captures went by, as far as it is kept.
        var earlier: [LearnedPalette] = []
    }

    private let stateDirectory: String
    private let ledger: Ledger
    private let live: LiveConfiguration
    private let memory: MemoryBudget
    private let clock: any DaemonClock
    private let log: EventLog
    private let cancellation = LearningCancellation()
    private let endBell = Doorbell()
    private var entries: [Key: Entry] = [:]
    private var isLearning = false
    private var waiting: [(key: Key, root: Int64)] = []
    private var isStopping = false

    init(
        stateDirectory: String, ledger: Ledger, live: LiveConfiguration, memory: MemoryBudget, clock: any DaemonClock,
        log: EventLog
    ) {
        self.stateDirectory = stateDirectory
        self.ledger = ledger
        self.live = live
        self.memory = memory
        self.clock = clock
        self.log = log
    }

    /// What a capture of a watched tree goes by, with a profile.
    func known(of root: WatchedRoot, for profile: Profile) async -> Known {
        guard let entry = await entry(root, profile).entry else { return Known() }
        return Known(current: entry.palette, earlier: entry.earlier)
    }

    /// A capture of a watched tree ended with its colors transferred.
    func transferred(_ root: WatchedRoot, _ profile: Profile) async {
        let (found, wasKnown) = await entry(root, profile)
        guard found != nil else { return }
        let key = Key(lab: root.settings.lab, profile: profile.name)
        // One that was read just now has counted the capture already.
        if wasKnown { entries[key]?.captures += 1 }
        guard let entry = entries[key], !isStopping else { return }
        let policy = LearningPolicy(learnAfter: profile.learnAfter)
        guard policy.isDue(captures: entry.captures, isLost: entry.isLost, deaths: entry.record.deaths) else { return }
        if !waiting.contains(where: { $0.key == key }) { waiting.append((key, root.id)) }
        beginNext()
    }

    /// Lets what is known be read anew: the configuration may be another one.
    func forget() { entries = [:] }

    /// Nothing is begun any more, and what is under way ends at its next step.
    func requestStop() {
        isStopping = true
        cancellation.request()
    }

    /// Returns once nothing is under way, or after so much time: what is left writes nothing any more.
    func end(within milliseconds: Int64) async {
        let deadline = clock.now.milliseconds + milliseconds
        while isLearning, clock.now.milliseconds < deadline {
            await endBell.wait(milliseconds: min(100, milliseconds), clock: clock)
        }
    }

    // MARK: What is known

    /// The entry of a tree and profile, read if it is not known or its file is another one; nil where nothing is to be
    /// learned.
    private func entry(_ root: WatchedRoot, _ profile: Profile) async -> (entry: Entry?, wasKnown: Bool) {
        guard profile.learnAfter > 0, profile.learnsPalette else { return (nil, false) }
        let key = Key(lab: root.settings.lab, profile: profile.name)
        if let entry = entries[key], entry.palette.map({ entry.folder.mark($0.sha256) == entry.mark }) ?? true {
            return (entry, true)
        }
        let folder = LearningFolder(stateDirectory: stateDirectory, lab: key.lab, profile: key.profile)
        let content = try? await Blocking.run { folder.read() }
        guard let content else { return (nil, false) }
        let last = started(content.record.triedAt)
        let captures = try? await ledger.countTransferred(
            root: root.id, profile: profile.name, after: last, upTo: max(1, profile.learnAfter))
        let isNews = entries[key].map { !$0.isLost } ?? true
        let entry = Entry(
            folder: folder, record: content.record, palette: content.palette, earlier: content.earlier,
            mark: content.palette.map { folder.mark($0.sha256) } ?? [], captures: captures ?? 0,
            isLost: content.damage != nil)
        entries[key] = entry
        if let damage = content.damage, isNews {
            log.write(.learnedLost(lab: key.lab, profile: key.profile, path: damage.path, reason: damage.reason))
        }
        return (entry, false)
    }

    /// A time of the past; one that a wrong clock put into the future says nothing.
    private func started(_ time: Double) -> Double { time > clock.now.wall ? 0 : time }

    // MARK: Learning

    private func beginNext() {
        guard !isLearning, !isStopping, !waiting.isEmpty else { return }
        let (key, id) = waiting.removeFirst()
        guard let root = live.root(id), let profile = live.configuration.profiles[key.profile], profile.learnsPalette
        else { return beginNext() }
        isLearning = true
        Task {
            await learn(key, root, profile)
            isLearning = false
            await endBell.ring()
            beginNext()
        }
    }

    private func learn(_ key: Key, _ root: WatchedRoot, _ profile: Profile) async {
        guard let entry = entries[key] else { return }
        let before = entry.record
        var record = before
        record.triedAt = clock.now.wall
        record.deaths = min(before.deaths + 1, 1000)
        entries[key]?.captures = 0
        do {
            // Written before the first file is read, so that a learning that ends the process is known by it.
            try await write(record, entry.folder)
            entries[key]?.record = record
            FailPoint.afterLearningBegun.pass()
            let run = LearningRun(
                ledger: ledger, root: root, profile: profile, limits: live.configuration.imageLimits, memory: memory,
                cancellation: cancellation)
            let outcome = try await run.run(
                known: entry.palette?.palette, last: started(before.triedAt), since: started(before.since))
            record.deaths = 0
            try await take(outcome, key, entry, &record, last: before.triedAt)
        } catch is CancellationError {
            try? await write(before, entry.folder)
        } catch {
            guard !isStopping else { return }
            record.deaths = 0
            entries[key]?.record = record
            try? await write(record, entry.folder)
            log.write(
                .learningFailed(
                    lab: key.lab, profile: key.profile, reason: JobFailure(error, file: root.settings.path).description)
            )
        }
    }

    /// Puts in force what a learning came to.
    private func take(
        _ outcome: LearningRun.Outcome, _ key: Key, _ entry: Entry, _ record: inout LearningRecord, last: Double
    ) async throws {
        try cancellation.check()
        let (lab, profile) = (key.lab, key.profile)
        switch outcome {
        case .tooFew(let count):
            if entry.isLost { record.palette = nil }
            try await write(record, entry.folder)
            put(record, entry.palette, entry.earlier, key, entry.folder)
            log.write(
                .learningFailed(
                    lab: lab, profile: profile,
                    reason: "of the captures that it would be learned from, only \(count) are still there and show a smear"))
        case .learned(let palette, .kept(let largest), _):
            record.palette?.confirmedAt = Timestamp.text(clock.now.date)
            try await write(record, entry.folder)
            put(record, entry.palette, entry.earlier, key, entry.folder)
            log.write(
                .learnedStands(lab: lab, profile: profile, captures: palette.images, change: largest.map(Self.text)))
        case .learned(let palette, let decision, let isNew):
            let learned = try await LowPriority.run { try entry.folder.write(palette) }
            FailPoint.afterPaletteWritten.pass()
            var earlier = entry.earlier
            if let old = entry.palette, old.sha256 != learned.sha256 { earlier.insert(old, at: 0) }
            earlier = Array(earlier.filter { $0.sha256 != learned.sha256 }.prefix(LearningFolder.mostEarlier))
            record.palette = LearningRecord.Palette(
                sha256: learned.sha256, images: palette.images, whiteCells: palette.whiteCells,
                learnedAt: Timestamp.text(clock.now.date))
            record.earlier = earlier.map(\.sha256)
            if isNew { record.since = last }
            try await write(record, entry.folder)
            FailPoint.afterLearned.pass()
            put(record, learned, earlier, key, entry.folder)
            var change: String?
            if case .replaced(let drift) = decision { change = Self.text(drift) }
            log.write(
                .learned(
                    .init(
                        lab: lab, profile: profile, path: learned.path, sha256: learned.sha256, captures: palette.images,
                        whiteCells: palette.whiteCells, change: change)))
            let final = record
            _ = try? await LowPriority.run { entry.folder.prune(final) }
        }
    }

    private static func text(_ drift: PaletteDrift) -> String {
        "\(drift.part) by \((Double(drift.distance) * 10).rounded() / 10) ΔE*ab"
    }

    private func put(
        _ record: LearningRecord, _ palette: LearnedPalette?, _ earlier: [LearnedPalette], _ key: Key,
        _ folder: LearningFolder
    ) {
        entries[key] = Entry(
            folder: folder, record: record, palette: palette, earlier: earlier,
            mark: palette.map { folder.mark($0.sha256) } ?? [], captures: entries[key]?.captures ?? 0, isLost: false)
    }

    private func write(_ record: LearningRecord, _ folder: LearningFolder) async throws {
        try await LowPriority.run { try folder.write(record) }
    }
}
