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
        var colors: LearnedColors
        var earlier: [LearnedColors]
        /// What their files looked like.
        var mark: [Int64]
        /// Captures that were transferred since the last learning.
        var captures: Int
        /// What was learned is missing or damaged.
        var isLost: Bool
    }

    /// What captures go by.
    struct Known: Sendable {
        var current = LearnedColors()
        /// What earlier captures went by, as far as it is kept.
        var earlier: [LearnedColors] = []
    }

    private let stateDirectory: String
    private let ledger: Ledger
    private let live: LiveConfiguration
    private let ownDesks: any DeskSource
    private let pool: any DeskSource
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
        stateDirectory: String, ledger: Ledger, live: LiveConfiguration, ownDesks: any DeskSource, pool: any DeskSource,
        memory: MemoryBudget, clock: any DaemonClock, log: EventLog
    ) {
        self.stateDirectory = stateDirectory
        self.ledger = ledger
        self.live = live
        self.ownDesks = ownDesks
        self.pool = pool
        self.memory = memory
        self.clock = clock
        self.log = log
    }

    /// What a capture of a watched tree goes by, with a profile.
    func known(of root: WatchedRoot, for profile: Profile) async -> Known {
        guard let entry = await entry(root, profile).entry else { return Known() }
        return Known(current: entry.colors, earlier: entry.earlier)
    }

    /// A capture of a watched tree ended with its colors transferred.
    func transferred(_ root: WatchedRoot, _ profile: Profile) async {
        let (found, wasKnown) = await entry(root, profile)
        guard found != nil else { return }
        let key = Key(lab: root.settings.lab, profile: profile.name)
        // One that was read just now has counted the capture already.
        if wasKnown { entries[key]?.captures += 1 }
        guard let entry = entries[key], !isStopping else { return }
        guard
            Self.policy(of: profile).isDue(captures: entry.captures, isLost: entry.isLost, deaths: entry.record.deaths)
        else { return }
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
        guard profile.learnAfter > 0, profile.learnsPalette || profile.learnsLight else { return (nil, false) }
        let key = Key(lab: root.settings.lab, profile: profile.name)
        if let entry = entries[key], LearningFolder.mark(entry.colors) == entry.mark {
            return (entry, true)
        }
        let folder = LearningFolder(stateDirectory: stateDirectory, lab: key.lab, profile: key.profile)
        let content = try? await Blocking.run { folder.read() }
        guard let content else { return (nil, false) }
        let last = started(content.record.triedAt)
        let captures = try? await ledger.countTransferred(
            root: root.id, profile: profile.name, after: last, upTo: Self.policy(of: profile).learnAfter)
        let isNews = entries[key].map { !$0.isLost } ?? true
        let entry = Entry(
            folder: folder, record: content.record, colors: content.colors, earlier: content.earlier,
            mark: LearningFolder.mark(content.colors), captures: captures ?? 0, isLost: content.damage != nil)
        entries[key] = entry
        if let damage = content.damage, isNews {
            log.write(.learnedLost(lab: key.lab, profile: key.profile, path: damage.path, reason: damage.reason))
        }
        return (entry, false)
    }

    /// A light takes more captures than a palette.
    private static func policy(of profile: Profile) -> LearningPolicy {
        LearningPolicy(
            learnAfter: profile.learnsPalette
                ? profile.learnAfter : max(profile.learnAfter, FlatFieldEstimator.enough))
    }

    /// A time of the past; one that a wrong clock put into the future says nothing.
    private func started(_ time: Double) -> Double { time > clock.now.wall ? 0 : time }

    // MARK: Learning

    private func beginNext() {
        guard !isLearning, !isStopping, !waiting.isEmpty else { return }
        let (key, id) = waiting.removeFirst()
        guard let root = live.root(id), let profile = live.configuration.profiles[key.profile]
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
        // Captures that end meanwhile do not ask for it again.
        entries[key]?.isLost = false
        do {
            // Written before the first file is read, so that a learning that ends the process is known by it.
            try await write(record, entry.folder)
            entries[key]?.record = record
            FailPoint.afterLearningBegun.pass()
            let run = LearningRun(
                ledger: ledger, root: root, profile: profile, limits: live.configuration.imageLimits,
                desks: live.configuration.isolation == .processes ? pool : ownDesks, memory: memory,
                cancellation: cancellation, colors: entry.colors)
            let outcome = try await run.run(last: started(before.triedAt), since: started(before.since))
            record.deaths = 0
            try await take(outcome, key, entry, &record, last: before.triedAt)
        } catch is CancellationError {
            try? await write(before, entry.folder)
        } catch {
            guard !isStopping else { return }
            record.deaths = 0
            entries[key]?.record = record
            if entry.isLost { entries[key]?.isLost = true }
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
        var colors = entry.colors
        var events: [DaemonEvent] = []
        if entry.isLost { (record.palette, record.lights) = (nil, []) }
        let now = Timestamp.text(clock.now.date)
        if let fields = outcome.lights {
            colors.lights = try await LowPriority.run { try fields.map { try entry.folder.write($0) } }
            record.lights = colors.lights.map { light in
                LearningRecord.Light(
                    sha256: light.sha256, captures: light.field.captures, isUneven: light.field.isUneven, learnedAt: now
                )
            }
            events += colors.lights.map { .learned(.init(key.lab, key.profile, $0, change: outcome.lightChange)) }
        }
        switch outcome.palette {
        case nil where outcome.lights == nil && (profileLearnsPalette(key) || entry.colors.isEmpty):
            events.append(
                .learningFailed(
                    lab: key.lab, profile: key.profile,
                    reason: "of the captures that it would be learned from, only \(outcome.captures) are still there "
                        + "and show it"))
        case nil:
            if outcome.lights == nil {
                events.append(
                    .learnedStands(lab: key.lab, profile: key.profile, captures: outcome.captures, change: nil))
            }
        case (let palette, .kept(let largest))?:
            record.palette?.confirmedAt = now
            events.append(
                .learnedStands(
                    lab: key.lab, profile: key.profile, captures: palette.images, change: largest.map(Self.text)))
        case (let palette, let decision)?:
            let learned = try await LowPriority.run { try entry.folder.write(palette) }
            colors.palette = learned
            record.palette = LearningRecord.Palette(
                sha256: learned.sha256, images: palette.images, whiteCells: palette.whiteCells, learnedAt: now)
            var change: String?
            if case .replaced(let drift) = decision { change = Self.text(drift) }
            events.append(.learned(.init(key.lab, key.profile, learned, change: change)))
        }
        var earlier = entry.earlier
        if colors != entry.colors {
            FailPoint.afterLearnedWritten.pass()
            if !entry.colors.isEmpty { earlier.insert(entry.colors, at: 0) }
            earlier = Array(earlier.filter { $0 != colors }.prefix(LearningFolder.mostEarlier))
            record.earlier = earlier.map(LearningRecord.Names.init)
            if outcome.isNew { record.since = last }
        }
        try await write(record, entry.folder)
        if colors != entry.colors { FailPoint.afterLearned.pass() }
        // What stands may have been lost meanwhile; then it is still to be learned.
        let isLost = colors == entry.colors && entries[key]?.isLost == true
        entries[key] = Entry(
            folder: entry.folder, record: record, colors: colors, earlier: earlier, mark: LearningFolder.mark(colors),
            captures: entries[key]?.captures ?? 0, isLost: isLost)
        events.forEach(log.write)
        let final = record
        _ = try? await LowPriority.run { entry.folder.prune(final) }
    }

    private func profileLearnsPalette(_ key: Key) -> Bool {
        live.configuration.profiles[key.profile]?.learnsPalette ?? false
    }

    private static func text(_ drift: PaletteDrift) -> String {
        "\(drift.part) by \((Double(drift.distance) * 10).rounded() / 10) ΔE*ab"
    }

    private func write(_ record: LearningRecord, _ folder: LearningFolder) async throws {
        try await LowPriority.run { try folder.write(record) }
    }
}

extension LearningRecord.Names {
    init(_ colors: LearnedColors) {
        self.init(palette: colors.palette?.sha256, lights: colors.lights.map(\.sha256))
    }
}

extension DaemonEvent.Learned {
    init(_ lab: String, _ profile: String, _ learned: LearnedPalette, change: String?) {
        self.init(
            lab: lab, profile: profile, what: .palette, path: learned.path, sha256: learned.sha256,
            captures: learned.palette.images, details: "\(learned.palette.whiteCells) white cells", change: change)
    }

    init(_ lab: String, _ profile: String, _ light: KnownLight, change: Float?) {
        let ratio = "brightest over darkest \(KnownLight.words(ratio: light.field.ratio))"
        self.init(
            lab: lab, profile: profile, what: .light, path: light.path ?? "", sha256: light.sha256,
            captures: light.field.captures,
            details: light.field.isUneven ? ratio : "it is even (\(ratio)) and changes nothing",
            change: change.map { $0.isFinite ? "by \((Double($0) * 1000).rounded() / 10) %" : "altogether" })
    }
}
