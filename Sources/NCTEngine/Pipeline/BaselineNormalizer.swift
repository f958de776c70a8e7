/// One of the methods that color transfer is measured against, with references prepared once; judged as it is.
///
/// Immutable after `init`, so one value serves all threads of a process. Needs no features and no weights.
public struct BaselineNormalizer: ImageNormalizer {
    /// Which of them it is.
    public let method: NormalizationMethod
    private let workers: Workers
    private var baseline: any Baseline
    private let judge: QualityJudge

    /// Prepares the references: what the method measures on them, and what quality is judged by. Cost linear in their
    /// pixels.
    ///
    /// - Parameters:
    ///   - method: which of them.
    ///   - references: one to three, pooled. Color balance uses them for the figures of quality only.
    ///   - parameters: the settings of all of them; each reads its own.
    ///   - palettes: of the two labs, for the method that goes by them.
    ///   - seed: of the sample of pixels that Vahadane's factorization is fitted to.
    ///   - thresholds: what the verdict goes by.
    ///   - workers: the threads that each capture is worked on with.
    ///
    /// Throws ``EngineError/Code/unusableReference`` for references that are blank or lack what the method measures,
    /// ``EngineError/Code/invalidSamples`` and ``EngineError/Code/invalidParameter``.
    ///
    /// - Precondition: the method is not color transfer, which is ``Normalizer``.
    public init(
        method: NormalizationMethod, references: [RGBImage], parameters: BaselineParameters = BaselineParameters(),
        palettes: LabPalettes = LabPalettes(), seed: UInt64 = 1, thresholds: QualityThresholds = QualityThresholds(),
        workers: Workers
    ) throws {
        try parameters.validate()
        let references = try FieldImage.references(references, workers: workers)
        let segmentations = references.map { try? SmearNet.embedded.segmentation(of: $0, workers: workers) }
        let target = palettes.target(
            references: zip(references, segmentations).map { ($0.image, $1) }, workers: workers)
        judge = QualityJudge(
            figures: try ReferenceFigures(references, segmentations, workers: workers), palette: target,
            thresholds: thresholds, workers: workers)
        let prepared = try method.baseline(
            references: references, palettes: palettes, target: target, parameters: parameters, seed: seed,
            workers: workers)
        guard let prepared else { preconditionFailure("color transfer is no baseline") }
        baseline = prepared
        self.method = method
        self.workers = workers
    }

    public var preparedByteCount: Int {
        ColorPalette.valueCount * MemoryLayout<Float>.size + (method == .histogramMatching ? 3 << 19 : 0)
    }

    public func with(captures palette: LabPalette) -> BaselineNormalizer {
        guard var transfer = baseline as? ClassPaletteTransfer else { return self }
        transfer.palettes.captures = palette
        var copy = self
        copy.baseline = transfer
        return copy
    }

    /// Repaints a capture by the method, and judges the result.
    ///
    /// A blank field and an image that is no smear come back unchanged, and so does one that lacks what the method
    /// measures, such as a second stain: the report's treatment and findings say so. There are no stages to keep.
    /// What is no data stays as it is (`ValidArea`).
    ///
    /// - Parameters:
    ///   - source: the capture.
    ///   - keepingStages: changes nothing.
    ///   - onStage: called when one of the last two stages ends, recoloring and quality.
    ///
    /// Throws ``EngineError/Code/invalidSamples``.
    public func normalize(
        _ source: RGBImage, keepingStages: Bool = false, onStage: ((Stage) -> Void)? = nil
    ) throws -> Normalization {
        try source.requireSound(.capture)
        return Normalization(ofDataIn: source, workers: workers) { repainted($0, onStage: onStage) }
    }

    /// The same for a field; what of its image is no data counts for nothing.
    private func repainted(_ field: FieldImage, onStage: ((Stage) -> Void)?) -> Normalization {
        let source = field.image
        let sight = judge.sight(
            of: field, try? SmearNet.embedded.segmentation(of: field, workers: workers), lab: nil)
        var (image, clipped) = (source, 0)
        var impediment = sight.nothingToTransfer
        if impediment == nil {
            switch baseline.recolor(source, measuring: field.data, sight.segmentation, workers: workers) {
            case .repainted(let result, let count): (image, clipped) = (result, count)
            case .impossible(let finding): impediment = finding
            }
        }
        onStage?(.recoloring)
        let quality = judge.report(
            source: source, result: image, sight, clipped: clipped, confidence: nil,
            treatment: impediment == nil ? .transferred : .unchanged, strength: impediment == nil ? 1 : 0,
            impediment: impediment)
        onStage?(.quality)
        return Normalization(image: image, quality: quality)
    }
}
