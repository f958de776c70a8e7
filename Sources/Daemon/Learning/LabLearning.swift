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

        init(_ root: WatchedRoot, _ profile: Profile) { (lab, self.profile) = (root.settings.lab, profile.name) }
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
    private let endBell = Doorbell()
    /// What the labs' files hold, as they were last read.
    private var contents: [Key: LearningFolder.Content] = [:]
    private var progress: [Key: LearningProgress] = [:]
    private var underWay: Task<Void, Never>?
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
        guard let content = await content(root, profile) else { return Known() }
        return Known(current: content.colors, earlier: content.earlier)
    }

    /// A capture of a watched tree ended with its colors transferred.
    func transferred(_ root: WatchedRoot, _ profile: Profile) async {
        guard let content = await content(root, profile) else { return }
        progress[Key(root, profile)]?.transferred()
        await ask(root, profile, content)
    }

    private func ask(_ root: WatchedRoot, _ profile: Profile, _ content: LearningFolder.Content) async {
        let (key, policy) = (Key(root, profile), Self.policy(of: profile))
        guard progress[key]?.mayBeDue(policy) == true else { return }
        let counted = await count(root, profile, content.record)
        guard !isStopping, progress[key]?.asks(policy, counted: counted) == true else { return }
        waiting.append((key, root.id))
        beginNext()
    }

    /// Lets what is known be read anew: the configuration may be another one.
    func forget() { contents = [:] }

    /// Nothing is begun any more, and what is under way is given up, unless it is being written down just then.
    func requestStop() {
        isStopping = true
        underWay?.cancel()
    }

    /// Returns once nothing is under way, or after so much time.
    func end(within milliseconds: Int64) async {
        let deadline = clock.now.milliseconds + milliseconds
        while underWay != nil, clock.now.milliseconds < deadline {
            await endBell.wait(milliseconds: min(100, milliseconds), clock: clock)
        }
    }

    // MARK: What is known

    /// What the files of a tree and profile hold, read if they are not those of the last reading; nil where nothing is to
    /// be learned.
    private func content(_ root: WatchedRoot, _ profile: Profile) async -> LearningFolder.Content? {
        guard profile.learnAfter > 0, profile.learnsPalette || profile.learnsLight else { return nil }
        let key = Key(root, profile)
        let folder = folder(key)
        if let content = contents[key], folder.isUnchanged(since: content) { return content }
        let content = await Blocking.run { folder.read() }
        let captures = await count(root, profile, content.record)
        contents[key] = content
        let isNews = progress[key, default: LearningProgress()]
            .read(lost: content.damage?.path, deaths: content.record.deaths, captures: captures)
        if isNews, let damage = content.damage {
            log.write(.learnedLost(lab: key.lab, profile: key.profile, path: damage.path, reason: damage.reason))
        }
        return content
    }

    private func folder(_ key: Key) -> LearningFolder {
        LearningFolder(stateDirectory: stateDirectory, lab: key.lab, profile: key.profile)
    }

    /// Captures that were transferred since the last learning began, as far as they matter.
    private func count(_ root: WatchedRoot, _ profile: Profile, _ record: LearningRecord) async -> Int {
        let begin = progress[Key(root, profile)]?.begin(recorded: record.triedAt) ?? record.triedAt
        let count = try? await ledger.countTransferred(
            root: root.id, profile: profile.name, after: past(begin), upTo: Self.policy(of: profile).learnAfter)
        return count ?? 0
    }

    /// A light takes more captures than a palette.
    private static func policy(of profile: Profile) -> LearningPolicy {
        LearningPolicy(
            learnAfter: profile.learnsPalette
                ? profile.learnAfter : max(profile.learnAfter, FlatFieldEstimator.enough))
    }

    /// A time of the past; one that a wrong clock put into the future says nothing.
    private func past(_ time: Double) -> Double { time > clock.now.wall ? 0 : time }

    // MARK: Learning

    private func beginNext() {
        guard underWay == nil, !isStopping, !waiting.isEmpty else { return }
        let (key, id) = waiting.removeFirst()
        underWay = Task {
            var isHopeless = false
            let (root, profile) = (live.root(id), live.configuration.profiles[key.profile])
            if let root, let profile { isHopeless = await learn(key, root, profile) }
            progress[key]?.ends(isHopeless: isHopeless)
            underWay = nil
            await endBell.ring()
            if let root, let profile, progress[key]?.isDueAgain(Self.policy(of: profile)) == true,
                let content = await content(root, profile)
            {
                await ask(root, profile, content)
            }
            beginNext()
        }
    }

    /// Returns true if it came to nothing, and would again.
    private func learn(_ key: Key, _ root: WatchedRoot, _ profile: Profile) async -> Bool {
        guard let known = await content(root, profile) else { return false }
        let (folder, before) = (folder(key), known.record)
        var begun = before
        begun.triedAt = clock.now.wall
        begun.deaths = min(before.deaths + 1, 1000)
        progress[key]?.begins(at: begun.triedAt)
        let commit = LearningCommit(
            folder: folder, lab: key.lab, profile: key.profile, learnsPalette: profile.learnsPalette, known: known,
            now: Timestamp.text(clock.now.date))
        do {
            // Written before the first file is read, so that a learning that ends the process is known by it.
            try await write(begun, folder)
            FailPoint.afterLearningBegun.pass()
            let run = LearningRun(
                ledger: ledger, root: root, profile: profile, limits: live.configuration.imageLimits,
                desks: live.configuration.isolation == .processes ? pool : ownDesks, memory: memory,
                priority: LowPriority(), colors: known.colors)
            let outcome = try await run.run(last: past(before.triedAt), since: past(before.since))
            try Task.checkCancellation()
            let record = begun
            let (final, events) = try await Blocking.run { try commit.write(outcome, begun: record) }
            events.forEach(log.write)
            await Blocking.run { folder.prune(final) }
            return false
        } catch  where isStopping || error is CancellationError {
            // A stop is no death.
            try? await write(before, folder)
            return false
        } catch {
            begun.deaths = 0
            try? await write(begun, folder)
            log.write(commit.failure(JobFailure(error, file: root.settings.path).description))
            return true
        }
    }

    private func write(_ record: LearningRecord, _ folder: LearningFolder) async throws {
        try await Blocking.run { try folder.write(record) }
    }
}
