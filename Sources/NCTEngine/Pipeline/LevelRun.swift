/// Steps 1 to 5 for one capture at one plan: from features to guidance image and confidence.
package struct LevelRun: Sendable {
    package let projected: FeatureMap
    package let labels: LabelMap?
    package let forward: NearestNeighborField
    package let vote: BidirectionalVote
    /// The capture's own colors at the grid of the search.
    package let source: RGBImage

    /// - Parameters:
    ///   - capture: whose colors are repainted.
    ///   - appearance: whose features are searched: the capture, or what an earlier step made of it.
    ///   - segmentation: the capture's classes, for the segmentation enhancement.
    ///   - initial: a field of this grid's size to start from.
    package init(
        capture: RGBImage, appearance: RGBImage, plan: LevelPlan, extractor: any FeatureExtractor,
        segmentation: SmearSegmentation?, parameters: NormalizationParameters, initial: [UInt32]?, workers: Workers,
        onStage: (Stage) -> Void
    ) throws {
        let features = try CaptureFeatures(
            appearance, levels: plan.projection.levels, extractor: extractor,
            standardization: parameters.standardization, workers: workers)
        onStage(.features)
        projected = plan.projection.apply(to: features.byLevel, workers: workers)
        onStage(.projection)
        labels =
            parameters.enhancement == .segmentation
            ? segmentation?.labels(reducedBy: plan.scale, workers: workers)
            : plan.clustering?.labels(of: projected, workers: workers)
        onStage(.clustering)
        let map = SearchMap(
            [(projected, labels)], labelCount: plan.labelCount, labelWeight: plan.labelWeight,
            scale: plan.map.scale, workers: workers)
        let fields = PatchMatch.searchBothWays(
            between: map, and: plan.map, iterations: parameters.patchMatchIterations, seed: parameters.seed,
            initial: initial, workers: workers)
        forward = fields.forward
        onStage(.search)
        vote = BidirectionalVote(
            source: map, target: plan.map, colors: plan.colors, forward: forward, reverse: fields.reverse,
            weight: parameters.completenessWeight, randomError: plan.randomError, workers: workers)
        source = Reduction.box(capture, by: plan.scale, workers: workers)
        onStage(.vote)
    }

    /// This run's field on a grid twice as fine, for the next step: positions and sizes double.
    ///
    /// - Parameters:
    ///   - target: the next plan's map, whose regions stand in the same order.
    package func enlargedField(width: Int, height: Int, from coarse: SearchMap, to target: SearchMap) -> [UInt32] {
        var positions = [UInt32](repeating: .max, count: width * height)
        for y in 0..<height {
            let row = min(y / 2, forward.height - 1) * forward.width
            for x in 0..<width {
                let match = coarse.target(of: forward.positions[row + min(x / 2, forward.width - 1)])
                let region = target.regions[match.reference]
                let tx = min(2 * match.x + x % 2, region.width - 1)
                let ty = min(2 * match.y + y % 2, region.height - 1)
                positions[y * width + x] = UInt32(ty) << 16 | UInt32(region.x + tx)
            }
        }
        return positions
    }
}
