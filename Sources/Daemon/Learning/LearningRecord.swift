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
    /// Captures of before are of other colors; seconds since 1970.
    public var since: Double = 0
    /// Learnings that began since and did not come to an end.
    public var deaths = 0
    /// The palette in force; nil before the first.
    public var palette: Palette?
    /// SHA-256 of the palettes before it that are kept, the newest first.
    public var earlier: [String] = []

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

    package init(lab: String, profile: String) { (self.lab, self.profile) = (lab, profile) }
}
