/// The parameters of the baselines, with their papers' defaults.
public struct BaselineParameters: DeclaredParameters {
    /// The color space of Reinhard's method.
    public enum ReinhardSpace: String, Sendable, CaseIterable {
        /// The paper's.
        case lAlphaBeta = "l-alpha-beta"
        /// What many implementations put in its place.
        case cielab
    }

    public var saturatedLowPercent: Float = 1
    /// Color balance: the same at the bright end (0…49).
    public var saturatedHighPercent: Float = 1
    /// In which means and deviations are taken.
    public var reinhardSpace: ReinhardSpace = .lAlphaBeta
    /// β.
    public var opticalDensityThreshold: Float = 0.15
    /// α.
    public var anglePercentile: Float = 1
    /// λ.
    public var sparsity: Float = 0.1

    public static let declarations: [Parameter<Self>] = [
        .number(
            "saturated_low_percent", \.saturatedLowPercent, 0...49,
            "color-balance: percent of a channel's pixels made darkest."
        ).of(.colorBalance),
        .number(
            "saturated_high_percent", \.saturatedHighPercent, 0...49,
            "color-balance: percent of a channel's pixels made brightest."
        ).of(.colorBalance),
        .word(
            "reinhard_space", \.reinhardSpace, "reinhard: the color space.",
            "l-alpha-beta is the paper's; cielab is what many implementations take."
        ).of(.reinhard),
        .number(
            "optical_density_threshold", \.opticalDensityThreshold, 0...2,
            "macenko, vahadane: natural optical density over white that each channel of a stained pixel reaches."
        ).of(.macenko, .vahadane),
        .number(
            "angle_percentile", \.anglePercentile, 0...25,
            "macenko: percent of the stained pixels that lie beyond either stain."
        ).of(.macenko),
        .number(
            "sparsity", \.sparsity, 0...1,
            "vahadane: weight of the concentrations' sum against half the squared error."
        ).of(.vahadane),
    ]

    /// The defaults.
    public init() {}

    public func validate() throws { try validateRanges() }
}
