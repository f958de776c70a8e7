/// Where a profile draws the line between good, doubtful and bad.
public struct QualityThresholds: Sendable, Equatable, Codable {
    public var minimumStructuralSimilarity: Float = 0.8
    public var maximumPaletteDistance: Float = 6
    public var maximumClippedShare: Float = 0.02
    public var minimumConfidence: Float = 0.4
    public init() {}
}
