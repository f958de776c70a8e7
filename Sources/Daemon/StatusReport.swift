import Foundation
import Jobs
import Ledger

/// What `nctd status` says: read from the ledger alone, so it needs no running daemon.
public struct StatusReport: Sendable, Equatable, Codable {
    public struct Root: Sendable, Equatable, Codable {
        public var lab: String
        public var path: String
        public var isWatched: Bool
        /// `inotify` or `scan`; absent before the first start.
        public var mode: String?
        public var unhealthy: String?
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
    }

    /// RFC 3339.
    public var createdAt: String
    /// The daemon's process; absent if none is running.
    public var processId: Int?
    public var roots: [Root]
    public var total: StateCounts
    /// By profile, then by verdict.
    public var verdicts: [String: [String: Int]]
    public var learned: [Learned]
    public var ledgerPath: String
    public var ledgerBytes: Int64
    /// By directory.
    public var freeMebibytes: [String: Int64]

    /// - Parameter directories: whose file systems' free space is of interest.
    public init(_ ledger: Ledger, stateDirectory: String, directories: [String], clock: some DaemonClock) async throws {
        let now = clock.now
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
                mode: summary.root.mode, unhealthy: summary.root.unhealthy, seen: summary.counts.seen,
                done: summary.counts.done, failed: summary.counts.failed, pending: summary.counts.pending,
                ignored: summary.counts.ignored, oldestPendingAt: text(summary.oldestPendingSeenAt),
                lastFinishedAt: text(summary.lastFinishedAt), lastScanAt: text(summary.root.scannedAt),
                finishedInLastHour: summary.finishedInLastHour)
        }
        verdicts = try await ledger.verdicts()
        learned = LearningFolder.records(stateDirectory: stateDirectory).flatMap { record, folder in
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
        ledgerPath = ledger.path
        ledgerBytes = ["", "-wal"].reduce(0) { sum, suffix in
            let attributes = try? FileManager.default.attributesOfItem(atPath: ledger.path + suffix)
            return sum + ((attributes?[.size] as? NSNumber)?.int64Value ?? 0)
        }
        freeMebibytes = [:]
        for directory in directories + [stateDirectory] {
            freeMebibytes[directory] = TreeFiles.freeBytes(Array(directory.utf8)).map { $0 >> 20 }
        }
    }

    /// For a person, line by line.
    public func lines() -> [String] {
        var lines = [processId.map { "running as process \($0)" } ?? "not running"]
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
        for root in roots {
            var facts = [root.isWatched ? root.mode ?? "not started yet" : "no longer watched"]
            if let reason = root.unhealthy { facts.append("NOT WELL: \(reason)") }
            if let time = root.oldestPendingAt { facts.append("next in line was seen \(time)") }
            if let time = root.lastFinishedAt { facts.append("last capture ended \(time)") }
            lines.append("\(root.lab): \(root.path): \(facts.joined(separator: ", "))")
        }
        for (profile, verdicts) in verdicts.sorted(by: { $0.key < $1.key }) {
            let counts = verdicts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
            lines.append("profile \(profile): \(counts.joined(separator: ", "))")
        }
        for learned in learned {
            lines.append(
                "\(learned.lab): \(learned.what) for profile \(learned.profile) learned from \(learned.captures) captures"
                    + (learned.whiteCells.map { ", \($0) white cells" } ?? "")
                    + (learned.isUneven.map { $0 ? ", uneven" : ", even" } ?? "") + ", \(learned.learnedAt)"
                    + (learned.confirmedAt.map { ", found to hold \($0)" } ?? "") + ": \(learned.path)")
        }
        for (directory, free) in freeMebibytes.sorted(by: { $0.key < $1.key }) {
            lines.append("\(directory): \(free) MiB free")
        }
        lines.append("\(ledgerPath): \(ledgerBytes >> 10) KiB")
        return lines
    }
}
