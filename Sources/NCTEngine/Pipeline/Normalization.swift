/// The steps of the method in the order in which they end, for whoever takes their times.
public enum Stage: String, Sendable, Codable, CaseIterable {
    case features, projection, clustering, search, vote, transfer, upsampling, recoloring, quality
}

/// Pictures of what happened inside, kept only on request. All at the resolution of the finest level in use, but for
/// the features, which are at theirs.
public struct NormalizationStages: Sendable {
    /// The source at the grid of the search.
    public var source: RGBImage
    /// The first three principal components of S's features (and of each reference's, in the same basis).
    public var sourceFeatures: FeatureMap
    public var referenceFeatures: [FeatureMap]
    /// Cluster of every pixel, nil without clustering.
    public var sourceClusters: LabelMap?
    public var referenceClusters: [LabelMap]
    /// The nearest-neighbor field S→R: reference index and position there, a pixel.
    public var field: [FieldTarget]
    /// The guidance image G.
    public var guidance: RGBImage
    /// 0…1 a pixel.
    public var confidence: Plane
    /// Gains and offsets of L*, a*, b* after the solver: `height × width × 6` (a_L, a_a, a_b, b_L, b_a, b_b).
    public var transfer: FeatureMap
}

/// Where a pixel of S finds its match.
public struct FieldTarget: Sendable, Equatable {
    public var reference: Int
    public var x: Int
    public var y: Int
}

/// What the engine returns for one capture.
public struct Normalization: Sendable {
    /// The capture in the reference's colors, same size.
    public var image: RGBImage
    /// Index of the reference chosen, nil if all were used at once.
    public var chosenReference: Int?
    /// Why it was chosen, for the sidecar: the statistic of each reference, lower is better.
    public var referenceDistances: [Float]
    public var quality: QualityReport
    public var stages: NormalizationStages?
}
