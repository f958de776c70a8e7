/// The engine: references prepared once, any number of captures normalized.
///
/// Immutable after `init`, so one value serves all threads of a process. The same inputs give the same bytes for any
/// number of threads and of captures at once. Each capture that is worked on takes about 500 bytes per pixel, and no more than
/// ``NormalizationParameters/tilePixels`` lets it.
///
/// What a process has but once: OpenBLAS is set to one thread per call (`openblas_set_num_threads(1)`) when the engine first
/// multiplies matrices, and stays so, for other users of it, too; pieces of work run on threads that it keeps; the
/// built-in networks (``SmearNet/embedded``, ``KindNet/embedded``) are unpacked once and kept. There are no files, clocks,
/// signal handlers or logging.
public struct Normalizer: Sendable {
    /// The settings of the method.
    public let parameters: NormalizationParameters
    /// The threads that each capture is worked on with.
    public let workers: Workers
    private let extractor: any FeatureExtractor
    private let prepared: PreparedReferences
    private let judge: QualityJudge
    private var palettes: LabPalettes
    private let key: String
    /// What is made of a capture's classes before anything is done by them: a test's way to spoil them.
    package var classes: @Sendable (SmearSegmentation) -> SmearSegmentation = { $0 }

    /// Prepares the references (features, standardization, projection, clusters, colors): all that does not depend on
    /// a capture. Cost: one feature extraction a reference, and one k-means.
    ///
    /// - Parameters:
    ///   - extractor: what compares places, such as ``SmearNet/embedded``.
    ///   - references: one to three.
    ///   - parameters: the settings of the method.
    ///   - palettes: of the labs that colors are changed from and to.
    ///   - thresholds: what the verdict goes by.
    ///   - workers: the threads that each capture is worked on with.
    ///   - cache: what ``cacheData()`` returned for the same inputs; one that does not belong to them is an error
    ///     (``EngineError/Code/invalidCache``), so that the caller can discard it and say so.
    ///
    /// Throws ``EngineError/Code/invalidParameter``, ``EngineError/Code/invalidSamples``,
    /// ``EngineError/Code/unusableReference`` and ``EngineError/Code/imageTooSmall``.
    public init(
        extractor: any FeatureExtractor, references: [RGBImage], parameters: NormalizationParameters,
        palettes: LabPalettes = LabPalettes(), thresholds: QualityThresholds = QualityThresholds(), workers: Workers,
        cache: [UInt8]? = nil
    ) throws {
        try parameters.validate()
        let references = try FieldImage.references(references, workers: workers)
        self.parameters = parameters
        self.workers = workers
        self.extractor = extractor
        self.palettes = palettes
        key = PreparedReferences.key(extractor: extractor, references: references, parameters: parameters)
        prepared =
            try cache.map { [key] in try ReferenceCache.decode($0, key: key) }
            ?? PreparedReferences(references, extractor: extractor, parameters: parameters, workers: workers)
        judge = QualityJudge(
            figures: prepared.figures, palette: palettes.training ?? prepared.groups[0].palette,
            thresholds: thresholds, workers: workers)
    }

    /// The same normalizer for captures of a lab with this palette; its references are not prepared again.
    public func with(captures palette: LabPalette) -> Normalizer {
        var copy = self
        copy.palettes.captures = palette
        return copy
    }

    /// The prepared references as bytes for a cache file.
    public func cacheData() -> [UInt8] { ReferenceCache.encode(prepared, key: key) }

    /// What the cache depends on, as lowercase hexadecimal SHA-256: extractor, references, parameters, engine version.
    /// Cheap to compute before a cache is read.
    ///
    /// - Precondition: the references are sound (``RGBImage/isSound``).
    public static func cacheKey(
        extractor: any FeatureExtractor, references: [RGBImage], parameters: NormalizationParameters
    ) -> String {
        PreparedReferences.key(
            extractor: extractor, references: references.map { FieldImage(ofDataIn: $0, workers: Workers(threads: 1)) },
            parameters: parameters)
    }

    /// Repaints a capture in the colors of the references, and judges the result.
    ///
    /// A capture that shows no smear is not repainted, since every pixel would take some cell's color: a blank field
    /// is shifted as a whole so that its mean color is the references' background, and an image that is no smear at
    /// all comes back unchanged. So does a capture that has the references' colors already
    /// (``NormalizationParameters/alikeDistance``). The report's treatment and findings say so.
    ///
    /// What of it is no data (borders, bars, corners, holes) stays as it is and counts for nothing (`ValidArea`).
    ///
    /// A capture of more pixels than ``NormalizationParameters/tilePixels`` is worked on in tiles (`TiledRun`).
    ///
    /// - Parameters:
    ///   - source: the capture.
    ///   - keepingStages: also return pictures of what happened inside (more memory); not of a capture in tiles.
    ///   - onStage: called on the caller's thread when a stage ends, for progress and timings. The progressive scheme
    ///     passes each stage but the last five times, a capture in tiles once per tile and more; a capture that is not
    ///     repainted passes only the last two. The inspection of the capture falls into the first.
    ///
    /// Throws ``EngineError/Code/imageTooSmall`` if the capture has no 3×3 patch at the coarsest level,
    /// ``EngineError/Code/invalidSamples`` if it is not sound (``RGBImage/isSound``), and
    /// ``EngineError/Code/invalidParameter`` if stages are asked for of a capture in tiles.
    public func normalize(
        _ source: RGBImage, keepingStages: Bool = false, onStage: ((Stage) -> Void)? = nil
    ) throws -> Normalization {
        try source.requireSound(.capture)
        return try Normalization(ofDataIn: source, workers: workers) {
            try repainted($0, keepingStages: keepingStages, onStage: onStage)
        }
    }

    /// How a result of this capture is judged, wherever it comes from.
    package func quality(of result: RGBImage, from source: RGBImage) -> QualityReport {
        let field = FieldImage(source)
        let capture = CaptureReading(field, extractor: extractor, workers: workers, classes: classes)
        return judge.report(
            source: source, result: result, judge.sight(of: field, capture.segmentation, lab: palettes.captures),
            clipped: 0, confidence: nil, treatment: .transferred, strength: 1)
    }

    /// The same for a field; what of its image is no data counts for nothing, and its result is of no use.
    private func repainted(
        _ field: FieldImage, keepingStages: Bool, onStage: ((Stage) -> Void)?
    ) throws -> Normalization {
        let report: (Stage) -> Void = { onStage?($0) }
        let source = field.image
        try extractor.requirePatch(width: source.width, height: source.height, levels: parameters.allLevels)
        let layout = TiledRun.layout(for: source, extractor: extractor, parameters: parameters)
        if keepingStages, let layout {
            throw EngineError(
                .invalidParameter,
                "pictures of what happened inside are not kept of a capture that is worked on in tiles, and this one "
                    + "of \(source.width)×\(source.height) pixels needs \(layout.tiles.count)",
                remedy: "set tile_pixels to \(source.pixelCount), or do without the pictures")
        }
        let capture = CaptureReading(field, extractor: extractor, workers: workers, classes: classes)
        let sight = judge.sight(of: field, capture.segmentation, lab: palettes.captures)
        let analysis = sight.analysis
        let strength = parameters.strength(atDistance: judge.distance(of: sight))
        guard sight.nothingToTransfer == nil, strength > 0 else {
            return spared(source, sight, onStage: report)
        }
        try capture.requireClasses(for: parameters.enhancement)
        let distances =
            parameters.referenceUse == .best ? prepared.figures.distances(to: analysis.contents) : []
        let chosen = distances.indices.min { distances[$0] < distances[$1] }
        let group = prepared.groups[chosen ?? 0]
        let start = start(of: capture, cells: sight.whiteCells, target: group.palette)
        report(.alignment)
        let done: Transferred
        if let layout {
            let run = TiledRun(
                start: start, layout: layout, group: group, strength: strength, extractor: extractor,
                parameters: parameters, workers: workers)
            done = try run.result(onStage: report)
        } else {
            done = try transferred(
                start, group: group, strength: strength, keepingStages: keepingStages, onStage: report)
        }
        var normalization = Normalization(
            image: done.image,
            quality: judge.report(
                source: source, result: done.image, sight, clipped: done.clipped, confidence: done.confidence,
                treatment: .transferred, strength: strength))
        normalization.transfer = done.report
        if let aligned = start.anchor?.aligned, strength == 1, let found = normalization.quality.contents,
            found.excess > 0
        {
            let quality = judge.report(
                source: source, result: aligned, sight, clipped: start.clipped, confidence: nil, treatment: .aligned,
                strength: strength)
            if let contents = quality.contents, contents.excess < Self.nearer * found.excess {
                normalization.image = aligned
                normalization.quality = quality
            }
        }
        report(.quality)
        normalization.chosenReference = chosen
        normalization.referenceDistances = distances
        normalization.stages = done.stages
        normalization.tiles = layout?.tiles.count ?? 1
        return normalization
    }

    /// The alignment alone stands in for the transfer where it leaves at most this share of what is out of range.
    private static let nearer: Float = 0.8

    /// What the search starts from: the capture, aligned from its lab to the training lab where that is asked for and
    /// its classes are known.
    ///
    /// - Parameter target: what the references say of the training lab, where its palette is not known otherwise.
    private func start(of capture: CaptureReading, cells: WhiteCells?, target: LabPalette) -> TransferStart {
        guard parameters.aligns, let segmentation = capture.segmentation, let cells else {
            return TransferStart(capture: capture, appearance: capture, anchor: nil, clipped: 0)
        }
        let aligned = AlignedCapture(
            capture.image, segmentation, cells, palettes: palettes, target: palettes.training ?? target,
            workers: workers)
        return TransferStart(
            capture: capture, appearance: CaptureReading(appearance: aligned.image, of: capture),
            anchor: AlignmentAnchor(aligned, whiteCells: parameters.whiteCellBelief, workers: workers),
            clipped: aligned.clipped)
    }

    /// The method itself on a capture as a whole: steps 1 to 8, once for each plan of the group.
    private func transferred(
        _ start: TransferStart, group: PreparedReferences.Group, strength: Float, keepingStages: Bool,
        onStage report: (Stage) -> Void
    ) throws -> Transferred {
        let (capture, source) = (start.capture, start.capture.image)
        var appearance = start.appearance
        var clipped = 0
        var last: (run: LevelRun, transfer: LevelRun.Solved)?
        for (index, plan) in group.plans.enumerated() {
            let initial = last.map { last in
                let scale = plan.scale
                return last.run.forward.enlarged(
                    width: source.width / scale, height: source.height / scale,
                    from: group.plans[index - 1].map, to: plan.map)
            }
            let run = try LevelRun(
                capture: source, appearance: appearance, plan: plan, parameters: parameters, initial: initial,
                workers: workers, onStage: report)
            let transfer = run.transfer(parameters, scale: plan.scale, workers: workers)
            report(.transfer)
            // Only now, since features are where memory peaks.
            let lab = LabImage(source, workers: workers)
            var result = run.recolored(
                source, lab: lab, by: transfer, parameters: parameters, workers: workers)
            if index == group.plans.count - 1 {
                let pixels = ColorTrend.sample(
                    width: source.width, pixelCount: source.pixelCount, mask: capture.mask)
                start.ending(
                    from: lab.picked(pixels), to: result.picked(pixels), at: pixels, strength: strength,
                    parameters: parameters, workers: workers
                ).apply(to: &result, from: lab, workers: workers)
            }
            let image: RGBImage
            (image, clipped) = result.rgbImage(workers: workers)
            appearance = CaptureReading(appearance: image, of: capture)
            report(.recoloring)
            last = (run, transfer)
        }
        guard let last, let plan = group.plans.last else { preconditionFailure("a group has at least one plan") }
        return Transferred(
            image: appearance.image, clipped: clipped, confidence: last.run.confidence, report: last.transfer.report,
            stages: keepingStages
                ? NormalizationStages(
                    run: last.run, plan: plan, transfer: last.transfer, references: group.references,
                    workers: workers) : nil)
    }

    /// What becomes of a blank field (shifted to the references' background), and of no smear or of one that has the
    /// references' colors already (nothing).
    private func spared(
        _ source: RGBImage, _ sight: QualityJudge.Sight, onStage report: (Stage) -> Void
    ) -> Normalization {
        let analysis = sight.analysis
        var (image, clipped) = (source, 0)
        if analysis.inspection.isBlank {
            var lab = LabImage(source, workers: workers)
            let shift = prepared.figures.background - analysis.mean
            for pixel in 0..<lab.pixelCount {
                lab.samples[3 * pixel] += shift.x
                lab.samples[3 * pixel + 1] += shift.y
                lab.samples[3 * pixel + 2] += shift.z
            }
            (image, clipped) = lab.takeRGBImage(workers: workers)
        }
        report(.recoloring)
        let quality = judge.report(
            source: source, result: image, sight, clipped: clipped, confidence: nil,
            treatment: analysis.inspection.isBlank
                ? .shifted : sight.nothingToTransfer == nil ? .alike : .unchanged, strength: 0)
        report(.quality)
        return Normalization(image: image, quality: quality)
    }
}

/// What the method made of a capture.
struct Transferred {
    var image: RGBImage
    var clipped: Int
    var confidence: Float
    /// What step 6 reached at the last level.
    var report: TransferReport?
    var stages: NormalizationStages?
}
