/// The stages of a capture in the order in which they end; docs/method.md says which step each holds.
public enum Stage: String, Sendable, Codable, CaseIterable {
    case alignment, features, projection, clustering, search, vote, transfer, recoloring, quality
}

/// What the engine returns for one capture.
public struct Normalization: Sendable {
    /// The capture in the reference's colors, same size.
    public var image: RGBImage
    /// Index of the reference chosen, nil if all were used at once or none was needed.
    public var chosenReference: Int?
    /// Why it was chosen, for the sidecar: the statistic of each reference, lower is better; empty if none was chosen.
    public var referenceDistances: [Float]
    /// Whether it can be trusted, and why.
    public var quality: QualityReport
    /// How many tiles the capture was worked on in; 1 if it was as a whole, or not at all.
    public var tiles = 1
    /// What step 6 reached, at the last level; nil if nothing was searched.
    public var transfer: TransferReport?
    /// The part of the capture that was worked on; nil if that is all of it (`ValidArea`).
    public var fieldArea: PixelArea?
    /// Nil if they were not asked for, or nothing was transferred. Of ``fieldArea``.
    public var stages: NormalizationStages?

    init(image: RGBImage, quality: QualityReport) {
        self.image = image
        self.quality = quality
        referenceDistances = []
    }

    /// Lets a method work on what of a capture is data, and puts its result between what is not.
    init(ofDataIn source: RGBImage, workers: Workers, by method: (FieldImage) throws -> Normalization) rethrows {
        guard let area = ValidArea(of: source, workers: workers) else {
            self = try method(FieldImage(source))
            return
        }
        self = try method(area.field(of: source))
        image = area.restored(image, in: source)
        quality.noDataShare = area.missingShare
        quality.contents?.moveWhiteCells(x: area.bounds.x, y: area.bounds.y)
        fieldArea = area.bounds
    }
}
