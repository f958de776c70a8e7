/// Figures that say whether a result can be trusted, and the verdict they lead to.
public struct QualityReport: Sendable, Equatable, Codable {
    public enum Verdict: String, Sendable, Codable { case good, doubtful, bad }

    /// A reason for a verdict, with the figure that crossed its threshold.
    public struct Finding: Sendable, Equatable, Codable {
        public enum Kind: String, Sendable, Codable, CaseIterable {
            case blankField, noWhiteCells, outOfFocus, notASmear
            case structureChanged, colorsFarFromReference, clipped, lowConfidence
        }
        public var kind: Kind
        public var value: Float
        public var threshold: Float
    }

    /// Structural similarity of source and result on luminance after removing the global affine change, -1…1.
    public var structuralSimilarity: Float
    /// Distance of the colors to the references' palette, in CIELAB units (ΔE*ab), before and after.
    public var paletteDistanceBefore: Float
    public var paletteDistanceAfter: Float
    /// Share of pixels clipped to the sRGB gamut in the result, 0…1.
    public var clippedShare: Float
    /// Mean matching confidence, 0…1.
    public var confidence: Float
    /// What the source shows, before any normalization.
    public var field: FieldInspection
    public var verdict: Verdict
    public var findings: [Finding]
}
