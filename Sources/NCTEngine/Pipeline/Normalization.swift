/// The steps of the method in the order in which they end, for whoever takes their times.
public enum Stage: String, Sendable, Codable, CaseIterable {
    case alignment, features, projection, clustering, search, vote, transfer, upsampling, recoloring, quality
}

/// What the engine returns for one capture.
public struct Normalization: Sendable {
    /// The capture in the reference's colors, same size.
    public var image: RGBImage
    /// Index of the reference chosen, nil if all were used at once or none was needed.
    public var chosenReference: Int?
    /// Why it was chosen, for the sidecar: the statistic of each reference, lower is better; empty if none was chosen.
    public var referenceDistances: [Float]
    public var quality: QualityReport
    /// How many tiles the capture was worked on in; 1 if it was as a whole, or not at all.
    public var tiles = 1
    /// Nil if they were not asked for, or nothing was transferred.
    public var stages: NormalizationStages?

    init(image: RGBImage, quality: QualityReport) {
        self.image = image
        self.quality = quality
        referenceDistances = []
    }
}
