import Config
import Foundation
import Jobs
import Ledger
import NCTEngine
import Watching

/// What `nctd status` says: read from the ledger alone, so it needs no running daemon.
public struct StatusReport: Sendable, Equatable, Codable {
    public struct Root: Sendable, Equatable, Codable {
        public var lab: String
        public var path: String
        public var isWatched: Bool
        /// `inotify` or `scan`; absent before the first start.
        public var mode: String?
        public var unhealthy: String?
        /// What of it could not be read at the last look, so that what lies there was not seen.
        public var unreadable: UnreadablePlaces?
        public var seen: Int
        public var done: Int
        public var failed: Int
        public var pending: Int
        public var ignored: Int
        /// RFC 3339.
        public var oldestPendingAt: String?
        public var lastFinishedAt: String?
        public var lastScanAt: String?
        public var finishedInLastHour: Int
    }

    /// What was learned of a watched tree's lab for a profile.
    public struct Learned: Sendable, Equatable, Codable {
        public var lab: String
        public var profile: String
        /// `palette` or `light`.
        public var what: String
        /// The file that captures go by.
        public var path: String
        public var sha256: String
        /// Captures that it was learned from.
        public var captures: Int
        /// Of a palette.
        public var whiteCells: Int?
        /// Of a light: captures are corrected by it.
        public var isUneven: Bool?
        /// RFC 3339.
        public var learnedAt: String
        /// When later captures were last found to show the same colors; RFC 3339.
        public var confirmedAt: String?

        /// For a person, without lab and file.
        public var text: String {
            "\(what) for profile \(profile) learned from \(captures.counted("capture"))"
                + (whiteCells.map { ", \($0.counted("white cell"))" } ?? "")
                + (isUneven.map { $0 ? ", uneven" : ", even" } ?? "") + ", \(learnedAt)"
                + (confirmedAt.map { ", found to hold \($0)" } ?? "")
        }
    }

    /// A capture that waits for memory.
    public struct Waiting: Sendable, Equatable, Codable {
        public var lab: String
        public var file: String
        public var mebibytes: Int
        /// In words.
        public var reason: String
    }

    /// RFC 3339.
    public var createdAt: String
    /// The daemon's process; absent if none is running.
    public var processId: Int?
    public var roots: [Root]
    /// What the running daemon does not work on just now.
    public var pauses: [PauseRow]
    public var total: StateCounts
    /// What pending captures wait for.
    public var pending: PendingCounts
    /// How long the pending captures take at the pace of the last hour, seconds; absent where less than two ended in it.
    public var backlogSeconds: Double?
    /// The configuration that the running daemon would not take at a reload; absent if the last one succeeded.
    public var refusedReload: RefusedReload?
    /// What a person must see to, in words; empty while all is in order.
    public var needsPerson: [String]
    /// Those that have waited longest for memory, a few.
    public var waitingForMemory: [Waiting]
    /// By profile, then by verdict.
    public var verdicts: [String: [String: Int]]
    /// Results that another engine than this program's made.
    public var engines: EngineReview
    /// What results take of the disk; absent unless it was asked for.
    public var disk: DiskUse?
    public var learned: [Learned]
    public var ledgerPath: String
    public var ledgerBytes: Int64
    /// By directory.
    public var freeMebibytes: [String: Int64]

    /// - Parameters:
    ///   - directories: whose file systems' free space is of interest.
    ///   - disk: what results take of it, where that is of interest.
    ///   - waiting: tells what pending captures wait for; nil asks the ledger.
    public init(
        _ ledger: Ledger, stateDirectory: String, directories: [String], disk: DiskUse? = nil,
        waiting told: PendingReason? = nil,
        clock: some DaemonClock
    ) async throws {
        let now = clock.now
        let waiting: PendingReason =
            if let told { told } else { PendingReason(try await .init(ledger, stateDirectory: stateDirectory)) }
        pauses = waiting.surroundings.pauses
        pending = try await ledger.pendingCounts(now: now)
        waitingForMemory = try await ledger.waitingForMemory(limit: 3).map { root, row in
            Waiting(
                lab: root.lab, file: "\(root.path)/\(row.path)", mebibytes: (row.memory ?? 0) >> 20,
                reason: waiting.text(row, root: root, ahead: 0, now: now))
        }
        func text(_ seconds: Double?) -> String? {
            seconds.map { Timestamp.text(Date(timeIntervalSince1970: $0)) }
        }
        let summaries = try await ledger.summaries(now: now)
        createdAt = Timestamp.text(now.date)
        processId = LedgerLock.holder(stateDirectory: stateDirectory)
        total = summaries.map(\.counts).reduce(StateCounts(), +)
        roots = summaries.map { summary in
            Root(
                lab: summary.root.lab, path: summary.root.path, isWatched: summary.root.isWatched,
                mode: summary.root.mode, unhealthy: summary.root.unhealthy,
                unreadable: summary.root.unreadable, seen: summary.counts.seen, done: summary.counts.done,
                failed: summary.counts.failed, pending: summary.counts.pending,
                ignored: summary.counts.ignored, oldestPendingAt: text(summary.oldestPendingSeenAt),
                lastFinishedAt: text(summary.lastFinishedAt), lastScanAt: text(summary.root.scannedAt),
                finishedInLastHour: summary.finishedInLastHour)
        }
        // From the first that ended in the last hour: the daemon may run for a minute only.
        let ended = roots.map(\.finishedInLastHour).reduce(0, +)
        if let first = summaries.compactMap(\.hourBeganAt).min(), total.pending > 0, ended > 1 {
            backlogSeconds = Double(total.pending) * max(1, now.wall - first) / Double(ended - 1)
        }
        refusedReload = processId == nil ? nil : try await RefusedReload.known(to: ledger)
        needsPerson = NeedsPerson.all(
            pauses: pauses, roots: summaries.map(\.root), refused: refusedReload, isRunning: processId != nil
        ).map(\.text)
        verdicts = try await ledger.verdicts()
        engines = EngineReview(try await ledger.engines())
        self.disk = disk
        learned = Self.learned(stateDirectory: stateDirectory)
        ledgerPath = ledger.path
        ledgerBytes = ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: ledger.path + suffix)
            return sum + ((attributes?[.size] as? NSNumber)?.int64Value ?? 0)
        }
        freeMebibytes = [:]
        for directory in directories + [stateDirectory] {
            // What does not answer the daemon is not asked here: it might not let go of this process.
            let names = WrittenTree.allCases.map { $0.name(at: directory) }
            guard !pauses.contains(where: { names.contains($0.what) }) else { continue }
            let free = Answer.within(directory) { TreeFiles.freeBytes(Array(directory.utf8)) }
            freeMebibytes[directory] = (free ?? nil).map { $0 >> 20 }
        }
    }

    /// All that was learned of labs and is in force.
    static func learned(stateDirectory: String) -> [Learned] {
        LearningFolder.records(stateDirectory: stateDirectory).flatMap { record, folder in
            let palette = record.palette.map { palette in
                Learned(
                    lab: record.lab, profile: record.profile, what: "palette",
                    path: folder.palettePath(palette.sha256), sha256: palette.sha256, captures: palette.images,
                    whiteCells: palette.whiteCells, learnedAt: palette.learnedAt, confirmedAt: palette.confirmedAt)
            }
            let lights = record.lights.map { light in
                Learned(
                    lab: record.lab, profile: record.profile, what: "light", path: folder.lightPath(light.sha256),
                    sha256: light.sha256, captures: light.captures, isUneven: light.isUneven,
                    learnedAt: light.learnedAt)
            }
            return [palette].compactMap { $0 } + lights
        }
    }

    private var backlogText: String {
        guard let minutes = backlogSeconds.map({ Int(($0 / 60).rounded(.up)) }) else { return "" }
        let time = minutes < 60 ? "\(minutes) min" : "\(minutes / 60) h \(minutes % 60) min"
        return "; about \(time) at the pace of the last hour"
    }

    /// For a person, line by line.
    public func lines() -> [String] {
        // What a person must see to comes first.
        var lines = pauses.map {
            "PAUSED since \(Timestamp.text(Date(timeIntervalSince1970: $0.since))): \($0.what): \($0.reason)"
        }
        for root in roots where root.isWatched {
            if let reason = root.unhealthy { lines.append("\(root.lab) NOT WELL: \(root.path): \(reason)") }
        }
        for root in roots where root.isWatched && root.unhealthy == nil {
            if let text = root.unreadable?.text(root: root.path) { lines.append("\(root.lab) NOT SEEN: \(text)") }
        }
        if let refusedReload { lines.append("REFUSED since \(refusedReload.since): \(refusedReload.text)") }
        lines.append(processId.map { "running as process \($0)" } ?? "not running")
        let width = max(4, roots.map(\.lab.count).max() ?? 0)
        func row(_ lab: String, _ columns: [String]) -> String {
            lab.padding(toLength: width, withPad: " ", startingAt: 0)
                + columns.map { String(repeating: " ", count: max(1, 9 - $0.count)) + $0 }.joined()
        }
        lines.append(row("lab", ["seen", "done", "failed", "pending", "ignored", "last hour"]))
        for root in roots {
            lines.append(
                row(
                    root.lab,
                    [root.seen, root.done, root.failed, root.pending, root.ignored, root.finishedInLastHour]
                        .map(String.init)))
        }
        if roots.count > 1 {
            lines.append(
                row("all", [total.seen, total.done, total.failed, total.pending, total.ignored].map(String.init)))
        }
        if let text = pending.text { lines.append("pending: \(text)\(backlogText)") }
        lines += waitingForMemory.map { "\($0.file): \($0.reason)" }
        for root in roots {
            var facts = [root.isWatched ? root.mode ?? "not started yet" : "no longer watched"]
            if let time = root.oldestPendingAt { facts.append("next in line was seen \(time)") }
            if let time = root.lastFinishedAt { facts.append("last capture ended \(time)") }
            lines.append("\(root.lab): \(root.path): \(facts.joined(separator: ", "))")
        }
        for (profile, verdicts) in verdicts.sorted(by: { $0.key < $1.key }) {
            let counts = verdicts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            lines.append("profile \(profile): \(counts.joined(separator: ", "))")
        }
        if let text = engines.text { lines.append(text) }
        lines += learned.map { "\($0.lab): \($0.text): \($0.path)" }
        lines += disk?.lines ?? []
        for (directory, free) in freeMebibytes.sorted(by: { $0.key < $1.key }) {
            lines.append("\(directory): \(free) MiB free")
        }
        lines.append("\(ledgerPath): \(ledgerBytes >> 10) KiB")
        return lines
    }
}
