/// Where a profile draws the line between good, doubtful and bad.
///
/// The defaults leave ordinary smears of two labs on the good side, with a margin, when they are normalized at levels
/// 1 and 2: there, similarity is 0.94 and more and confidence 0.95 and more; ordinary fields of one lab are 2 to 8
/// ΔE*ab from others of it.
public struct QualityThresholds: Sendable, Equatable, Codable {
    public var minimumStructuralSimilarity: Float = 0.85
    public var maximumPaletteDistance: Float = 8
    public var maximumClippedShare: Float = 0.05
    public var minimumConfidence: Float = 0.75
    public init() {}
}
