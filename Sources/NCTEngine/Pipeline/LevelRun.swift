/// Steps 3 to 7 for one capture, or a tile of one, at one plan: from projected features to gains and offsets at the full
/// resolution.
package struct LevelRun: Sendable {
    package let projected: FeatureMap
    package let labels: LabelMap<Cluster>?
    package let forward: NearestNeighborField
    package let vote: BidirectionalVote
    /// The capture's own colors at the grid of the search, and which of it is data.
    package let source: RGBImage
    private let mask: DataMask?

    /// All of a capture, from its features on.
    ///
    /// - Parameters:
    ///   - capture: whose colors are repainted.
    ///   - appearance: whose features are searched: the capture, or what an earlier step made of it.
    ///   - initial: a field of this grid's size to start from.
    package init(
        capture: RGBImage, appearance: CaptureReading, plan: LevelPlan, parameters: NormalizationParameters,
        initial: [UInt32]?, workers: Workers, onStage: (Stage) -> Void
    ) throws {
        let projected = try Self.projected(by: plan, workers: workers, onStage: onStage) {
            try CaptureFeatures(
                appearance, levels: plan.projection.levels, standardization: parameters.standardization,
                workers: workers)
        }
        self.init(
            capture: FieldImage(capture, mask: appearance.mask), projected: projected,
            segmentation: appearance.segmentation, area: nil, plan: plan,
            parameters: parameters, initial: initial, reverseRows: nil, workers: workers, onStage: onStage)
    }

    /// In a function of its own, so that the features are gone before the search begins.
    static func projected(
        by plan: LevelPlan, workers: Workers, onStage: (Stage) -> Void, features: () throws -> CaptureFeatures
    ) rethrows -> FeatureMap {
        let features = try features()
        onStage(.features)
        defer { onStage(.projection) }
        return plan.projection.apply(to: features.byLevel, workers: workers)
    }

    /// - Parameters:
    ///   - capture: the capture, or a tile of it.
    ///   - segmentation: of the whole capture, for the segmentation enhancement.
    ///   - area: where the tile lies; nil for all of the capture.
    ///   - reverseRows: the references' rows that look for a match and vote; all, if nil.
    init(
        capture: FieldImage, projected: FeatureMap, segmentation: SmearSegmentation?, area: PixelArea?, plan: LevelPlan,
        parameters: NormalizationParameters, initial: [UInt32]?, reverseRows: [Range<Int>]?, workers: Workers,
        onStage: (Stage) -> Void
    ) {
        self.projected = projected
        labels =
            parameters.enhancement == .segmentation
            ? segmentation?.labels(reducedBy: plan.scale, in: area, workers: workers).renamed(as: Cluster.self)
            : plan.clustering?.labels(of: projected, workers: workers)
        onStage(.clustering)
        let map = SearchMap(
            [(projected, labels)], labelCount: plan.labelCount, labelWeight: plan.labelWeight,
            scale: plan.map.scale, workers: workers)
        let fields = PatchMatch.searchBothWays(
            between: map, and: plan.map, iterations: parameters.patchMatchIterations, seed: parameters.seed,
            initial: initial, reverseRows: reverseRows, workers: workers)
        forward = fields.forward
        onStage(.search)
        vote = BidirectionalVote(
            source: map, target: plan.map, colors: plan.colors, forward: forward, reverse: fields.reverse,
            reverseRows: reverseRows, weight: parameters.completenessWeight, randomError: plan.randomError,
            workers: workers)
        source = Reduction.box(capture.image, by: plan.scale, workers: workers)
        mask = capture.mask.reduced(by: plan.scale)
        onStage(.vote)
    }

    /// The mean confidence of the matches.
    package var confidence: Float { mask.data(of: vote.confidence).mean }

    /// Gains and offsets on the grid that they were solved on.
    package struct Solved: Sendable {
        package let field: TransferField
        /// The capture's on that grid.
        package let luminance: Plane
        /// Pixels of the capture, each way, that a pixel of that grid covers.
        package let scale: Int
        /// What the solver reached, and its labels on that grid, if it has any.
        package let report: TransferReport
        let labels: LabelMap<OfferedTransform>?
    }

    /// Step 6, at the grid of the search or the parameters' ``NormalizationParameters/transferGrid``, whichever is
    /// coarser.
    ///
    /// - Parameter scale: pixels of the capture, each way, that a pixel of the search's grid covers.
    package func transfer(_ parameters: NormalizationParameters, scale: Int, workers: Workers) -> Solved {
        let step = Self.step(from: scale, to: parameters.transferGrid, width: source.width, height: source.height)
        let image = Reduction.box(source, by: step, workers: workers)
        let guidance = Reduction.box(vote.guidance, by: step, workers: workers)
        let source = LabImage(image, workers: workers)
        let luminance = image.luminance(parameters.luminance, workers: workers)
        let mask = mask.reduced(by: step)
        let energy = TransferEnergy(
            source: source, guidance: guidance, confidence: Reduction.box(vote.confidence, by: step).masked(by: mask),
            luminance: luminance,
            neighbors: NonlocalNeighbors(
                source: source, clusters: clusters(by: step, mask: mask), seed: parameters.seed, workers: workers),
            localWeight: parameters.lambdaLocal, nonlocalWeight: parameters.lambdaNonlocal, workers: workers)
        let start = InitialTransfer().field(source: source, guidance: guidance, workers: workers)
        let solution = parameters.transferSolver.minimize(energy, from: start, workers: workers)
        return Solved(
            field: solution.field, luminance: luminance, scale: scale * step,
            report: TransferReport(solution, by: parameters.solver, of: energy), labels: solution.labeling?.labels)
    }

    /// What neighbors in color keep within; what is no data has none but its own.
    private func clusters(by step: Int, mask: DataMask?) -> LabelMap<Cluster>? {
        let clusters = labels?.reduced(by: step)
        guard mask != nil else { return clusters }
        let all = clusters ?? LabelMap(width: source.width / step, height: source.height / step)
        return mask.replaced(in: all, byNumber: (clusters?.bytes.max() ?? 0) + 1)
    }

    /// By how much the search's grid is reduced for the transfer: no more than leaves three pixels each way.
    private static func step(from scale: Int, to grid: Int, width: Int, height: Int) -> Int {
        var step = max(1, grid / scale)
        while step > 1, min(width, height) / step < 3 { step /= 2 }
        return step
    }

    /// Steps 7 and 8 in CIELAB: the capture, or its tile, with the field at the full resolution applied.
    ///
    /// - Parameter lab: `capture` in CIELAB.
    func recolored(
        _ capture: RGBImage, lab: LabImage, by transfer: Solved, parameters: NormalizationParameters, workers: Workers
    ) -> LabImage {
        guard transfer.scale > 1 else { return transfer.field.apply(to: lab, workers: workers) }
        var result = lab
        FastGuidedFilter(parameters).upsampleAndApply(
            transfer.field, coarseLuminance: transfer.luminance,
            fullLuminance: capture.luminance(parameters.luminance, workers: workers), scale: transfer.scale,
            to: &result, workers: workers)
        return result
    }
}

extension NearestNeighborField {
    /// The field on a grid twice as fine, for the next step: positions and sizes double.
    ///
    /// - Parameters:
    ///   - target: the next plan's map, whose regions stand in the same order.
    func enlarged(width: Int, height: Int, from coarse: SearchMap, to target: SearchMap) -> [UInt32] {
        var fine = [UInt32](repeating: .max, count: width * height)
        for y in 0..<height {
            let row = min(y / 2, self.height - 1) * self.width
            for x in 0..<width {
                let match = coarse.target(of: positions[row + min(x / 2, self.width - 1)])
                let region = target.regions[match.reference]
                let tx = min(2 * match.x + x % 2, region.width - 1)
                let ty = min(2 * match.y + y % 2, region.height - 1)
                fine[y * width + x] = UInt32(ty) << 16 | UInt32(region.x + tx)
            }
        }
        return fine
    }
}
