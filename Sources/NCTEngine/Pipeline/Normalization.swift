/// The steps of the method in the order in which they end, for whoever takes their times.
public enum Stage: String, Sendable, Codable, CaseIterable {
    case features, projection, clustering, search, vote, transfer, upsampling, recoloring, quality
}

/// What the engine returns for one capture.
public struct Normalization: Sendable {
    /// The capture in the reference's colors, same size.
    public var image: RGBImage
    /// Index of the reference chosen, nil if all were used at once.
    public var chosenReference: Int?
    /// Why it was chosen, for the sidecar: the statistic of each reference, lower is better.
    public var referenceDistances: [Float]
    public var quality: QualityReport?
    public var stages: NormalizationStages?
    init(image: RGBImage) { self.image = image; referenceDistances = [] }
}
