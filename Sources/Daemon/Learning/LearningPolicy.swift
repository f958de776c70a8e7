import NCTEngine

/// When the colors of a lab are learned from its captures, and whether what was learned takes the place of what was known.
package struct LearningPolicy: Sendable, Equatable {
    /// Captures between two learnings, and before the first; 0: never.
    package let learnAfter: Int

    /// More captures are not looked at.
    package static let most = 100
    /// So many times a learning during which the daemon died is begun again at once; then it waits like any other.
    package static let mostDeaths = 2

    package init(learnAfter: Int) { self.learnAfter = learnAfter }

    /// Captures that must still be there and show a smear.
    package var fewest: Int { max(1, min(learnAfter, Self.most) / 2) }

    /// Whether to learn now.
    ///
    /// - Parameters:
    ///   - captures: that were transferred since the last learning, or in all before the first.
    ///   - isLost: something was learned, and its file is missing or damaged.
    ///   - deaths: learnings since the last that came to an end during which the daemon died.
    package func isDue(captures: Int, isLost: Bool, deaths: Int) -> Bool {
        guard learnAfter > 0 else { return false }
        let isUrgent = isLost || (1...Self.mostDeaths).contains(deaths)
        return captures >= (isUrgent ? 1 : learnAfter)
    }

    /// What becomes of a palette that was learned.
    package enum Decision: Sendable, Equatable {
        /// Nothing was known.
        case first
        /// What is known still holds; the largest move of a class.
        case kept(PaletteDrift?)
        case replaced(PaletteDrift)
    }

    package static func decision(known: LabPalette?, learned: LabPalette) -> Decision {
        guard let known else { return .first }
        if let drift = PaletteDrift.between(known, learned) { return .replaced(drift) }
        return .kept(PaletteDrift.largest(known, learned))
    }
}
