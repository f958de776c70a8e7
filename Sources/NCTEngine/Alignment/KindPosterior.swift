import Foundation

/// What kind a white cell is, in the light of its colors: the probabilities that its shape gives it, times how likely
/// each kind of a lab has such colors.
enum KindPosterior {
    /// By how much a cell's mean color may be off for other reasons than its kind, in ΔE*ab a channel.
    static let colorError: Float = 5

    /// - Parameters:
    ///   - expected: of each kind, in the order of ``WhiteCellKind``.
    /// - Returns: probabilities that sum to 1; those of the shape where no color is known.
    static func probabilities(
        _ cell: FieldColors.Cell, _ expected: (LabPalette.Part, Int) -> ColorStatistics
    ) -> [Float] {
        let scores = cell.kinds.indices.map { kind in
            var score = log(max(cell.kinds[kind], 1e-6))
            for part in LabPalette.Part.allCases {
                guard let color = cell[part] else { continue }
                let statistics = expected(part, kind)
                let variance = statistics.between * statistics.between + colorError * colorError
                let difference = color.mean - statistics.mean
                score -= 0.5 * (difference * difference / variance).sum()
                score -= 0.5 * (log(variance.x) + log(variance.y) + log(variance.z))
            }
            return score
        }
        let greatest = scores.max() ?? 0
        let weights = scores.map { exp($0 - greatest) }
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }
}
