import Foundation
import Ledger

/// What is known of one watched tree's and profile's lab: the file `learned.json` in a folder of their own.
public struct LearningRecord: Sendable, Equatable, Codable {
    public static let currentVersion = 1

    public var version = LearningRecord.currentVersion
    public var lab: String
    public var profile: String
    /// When a learning last began, and captures are counted from there; seconds since 1970.
    public var triedAt: Double = 0
    /// Captures of before are of other colors or under another light; seconds since 1970.
    public var since: Double = 0
    /// Learnings that began since and did not come to an end.
    public var deaths = 0
    /// The palette in force; nil before the first.
    public var palette: Palette?
    /// The lights in force, one for each proportions of captures.
    public var lights: [Light] = []
    /// What was in force before and is kept, the newest first.
    public var earlier: [Names] = []

    public struct Palette: Sendable, Equatable, Codable {
        public var sha256: String
        /// Captures and white cells that it was learned from.
        public var images: Int
        public var whiteCells: Int
        /// RFC 3339.
        public var learnedAt: String
        /// When it was last found to hold still; RFC 3339.
        public var confirmedAt: String?

        package init(sha256: String, images: Int, whiteCells: Int, learnedAt: String) {
            (self.sha256, self.images, self.whiteCells, self.learnedAt) = (sha256, images, whiteCells, learnedAt)
        }
    }

    public struct Light: Sendable, Equatable, Codable {
        public var sha256: String
        /// Captures that it was learned from.
        public var captures: Int
        public var isUneven: Bool
        /// RFC 3339.
        public var learnedAt: String
    }

    /// The files of what was in force together, by their digests.
    public struct Names: Sendable, Equatable, Codable {
        public var palette: String?
        public var lights: [String]

        package init(palette: String?, lights: [String] = []) { (self.palette, self.lights) = (palette, lights) }
    }

    package init(lab: String, profile: String) { (self.lab, self.profile) = (lab, profile) }

    /// The files of what is in force.
    package var names: Names { Names(palette: palette?.sha256, lights: lights.map(\.sha256)) }
}
