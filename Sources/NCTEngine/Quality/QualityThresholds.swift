/// Where a profile draws the line between good, doubtful and bad.
///
/// The defaults were set on training images and phantoms, with a margin that was chosen by eye. Ordinary smears of another
/// lab, normalized to three references, have a similarity of 0.94 and more, with VGG-19 a confidence of 0.95 and more, and
/// hardly a clipped pixel; ordinary fields of one lab are 2 to 8 ΔE*ab from each other. By the defaults 9 of 10 such smears
/// are good. (The limits of the classes' colors are not set here; see `SmearContents/judged(_:)`. With them 8 of 10 are
/// good, the others doubtful.)
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
