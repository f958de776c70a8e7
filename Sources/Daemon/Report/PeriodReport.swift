import Ledger

/// What `nctd report` says of a period: the captures of each lab that ended in it, how good they are, what failed, how
/// the lab's colors moved, how long it took.
public struct PeriodReport: Sendable, Equatable, Codable {
    public var host: String
    /// RFC 3339, as all times.
    public var createdAt: String
    public var since: String
    /// Exclusive.
    public var until: String
    /// This program's; `engines` of a lab says what made the results.
    public var engine: String
    public var labs: [Lab]

    public struct Lab: Sendable, Equatable, Codable {
        public var lab: String
        /// Captures that were first seen in the period, or with other content. A renamed one came in once.
        public var seen = 0
        /// That ended in it, by how; each counts as it ended last.
        public var done = 0
        public var failed = 0
        /// At this moment.
        public var pending = 0
        /// Done as links to or copies of earlier results.
        public var duplicates = 0
        /// Numbers of captures by name.
        public var verdicts: [String: Int] = [:]
        public var deliveries: [String: Int] = [:]
        public var treatments: [String: Int] = [:]
        public var engines: [String: Int] = [:]
        /// What the captures' palette came from.
        public var palettes: [String: Int] = [:]
        /// Why results are less than good, the most frequent first.
        public var findings: [Count] = []
        public var failures: [Failure] = []
        /// Why files that came in are left out.
        public var ignored: [Count] = []
        /// Of a capture's work, without those done as duplicates, milliseconds.
        public var workMilliseconds: Spread?
        /// From the first sight of a capture to its first result, seconds.
        public var waitSeconds: Spread?
        /// In order; a week without captures is missing.
        public var weeks: [Week] = []
        /// What was learned of the lab and is in force.
        public var learned: [StatusReport.Learned] = []
        /// At this moment.
        public var disk: DiskUse.Lab?
        /// Older versions that were removed in the period.
        public var removedVersions = 0
        /// Done captures whose sidecar could not be read: findings and drift lack them.
        public var unread = 0

        public init(_ lab: String) { self.lab = lab }
    }

    public struct Count: Sendable, Equatable, Codable {
        public var name: String
        public var captures: Int
    }

    /// Captures that failed for one reason.
    public struct Failure: Sendable, Equatable, Codable {
        public var code: String
        /// Of one of them.
        public var message: String
        public var remedy: String
        public var captures: Int
        public var example: String
    }

    /// How values lie.
    public struct Spread: Sendable, Equatable, Codable {
        public var values: Int
        public var median: Float
        /// Nine of ten are at most that.
        public var ninetieth: Float
        public var greatest: Float

        init?(_ values: [Float]) {
            guard let greatest = values.max() else { return nil }
            self.values = values.count
            median = values.selected(rank: values.count / 2)
            ninetieth = values.selected(rank: min(values.count - 1, values.count * 9 / 10))
            self.greatest = greatest
        }
    }

    /// One week of a lab, by ISO 8601; its part in the period.
    public struct Week: Sendable, Equatable, Codable {
        /// Such as `2026-W48`.
        public var week: String
        public var done = 0
        public var failed = 0
        public var good = 0
        public var doubtful = 0
        public var bad = 0
        /// Medians over the week's captures: ΔE*ab to the references, as in the sidecar.
        public var paletteDistanceBefore: Float?
        public var paletteDistanceAfter: Float?
        /// Medians of the captures' own colors, before anything is done, CIELAB.
        public var background: SIMD3<Float>?
        public var redCell: SIMD3<Float>?
        public var nucleus: SIMD3<Float>?
        /// CIEDE2000 of these to the first week that has them.
        public var backgroundDrift: Float?
        public var redCellDrift: Float?
        public var nucleusDrift: Float?
        /// The brightest place of the field over the darkest in green light, median.
        public var lightRatio: Float?
        public var workMilliseconds: Float?
    }
}
