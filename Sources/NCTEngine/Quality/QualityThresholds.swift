/// Where a profile draws the line between good, doubtful and bad.
///
/// The defaults leave 19 of 20 ordinary smears of another lab on the good side, when they are normalized at levels 1
/// and 2 to three references: there, similarity is 0.94 and more, confidence 0.95 and more with VGG-19,
/// and hardly a pixel is clipped. Ordinary fields of one lab are 2 to 8 ΔE*ab from others of it.
public struct QualityThresholds: Sendable, Equatable, Codable {
    public var minimumStructuralSimilarity: Float = 0.85
    public var maximumPaletteDistance: Float = 8
    public var maximumClippedShare: Float = 0.05
    public var minimumConfidence: Float = 0.75
    public init() {}
}
