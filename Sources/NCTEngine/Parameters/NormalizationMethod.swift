/// How the colors of a capture are changed: the method of this project, or one of those that it is measured against.
public enum NormalizationMethod: String, Sendable, Codable, CaseIterable {
    /// Neural color transfer (``Normalizer``).
    case colorTransfer = "color-transfer"
    /// From lab to lab, class by class, without a search (`ClassAlignment`).
    case classPalette = "class-palette"
    /// Simplest color balance (`ColorBalance`): Limare, Lisani, Morel, Petro, Sbert, IPOL 2011.
    case colorBalance = "color-balance"
    /// Means and deviations in lαβ (`Reinhard`): Reinhard, Ashikhmin, Gooch, Shirley 2001.
    case reinhard
    /// Stain vectors from the plane of optical densities (`Macenko`): Macenko et al. 2009.
    case macenko
    /// Stain vectors from a sparse non-negative factorization (`Vahadane`): Vahadane et al. 2016.
    case vahadane
    /// The cumulative histogram of each channel (`HistogramMatching`).
    case histogramMatching = "histogram-matching"

    /// Whether it searches features, and so needs a network's weights or what takes their place.
    public var usesFeatures: Bool { self == .colorTransfer }

    /// Whether it goes by the palettes of labs.
    public var usesPalettes: Bool { self == .colorTransfer || self == .classPalette }
}
