/// Where a profile draws the line between good, doubtful and bad.
///
/// By the defaults 9 of 10 ordinary smears of another lab are good, when they are normalized to three references:
/// there, similarity is 0.94 and more, confidence 0.95 and more with VGG-19, and hardly a pixel is clipped. Ordinary fields
/// of one lab are 2 to 8 ΔE*ab from others of it. (What the classes' colors add is not set here; see
/// `SmearContents/judged(_:)`. With it 8 of 10 are good, the others doubtful.)
public struct QualityThresholds: Sendable, Equatable, Codable {
    /// -1…1.
    public var minimumStructuralSimilarity: Float = 0.85
    /// ΔE*ab.
    public var maximumPaletteDistance: Float = 8
    /// 0…1.
    public var maximumClippedShare: Float = 0.05
    /// 0…1.
    public var minimumConfidence: Float = 0.75
    /// What becomes of what crosses a line.
    public var rules = VerdictRules()

    /// The defaults.
    public init() {}
}
