/// Pictures of what happened inside, kept only on request, at the grid of the last search.
public struct NormalizationStages: Sendable {
    /// The source at the grid of the search.
    public var source: RGBImage
    /// The first three principal components of S's features, and of each reference's in the same basis.
    public var sourceFeatures: FeatureMap
    public var referenceFeatures: [FeatureMap]
    /// Cluster or class of every pixel, nil without an enhancement.
    public var sourceClusters: LabelMap<Cluster>?
    public var referenceClusters: [LabelMap<Cluster>]
    /// Whether these are classes (``SmearClass``), not clusters.
    public var showsClasses: Bool
    /// The nearest-neighbor field S→R: reference and position there, a pixel.
    public var field: [FieldTarget]
    /// The guidance image G.
    public var guidance: RGBImage
    /// 0…1 a pixel.
    public var confidence: Plane
    /// Gains and offsets of L*, a*, b* after the solver: `height × width × 6` (a_L, a_a, a_b, b_L, b_a, b_b), offsets
    /// in CIELAB units. At the grid that it was solved on, which may be coarser.
    public var transfer: FeatureMap
    /// Which of its transforms a graph cut gave each pixel of that grid, before the refinement; nil for least squares.
    public var transferLabels: LabelMap<OfferedTransform>?

    /// - Parameters:
    ///   - references: indices of the references in the group that was searched.
    init(run: LevelRun, plan: LevelPlan, transfer: LevelRun.Solved, references: [Int], workers: Workers) {
        source = run.source
        sourceFeatures = run.projected.prefix(3)
        referenceFeatures = plan.map.components(3)
        sourceClusters = run.labels
        referenceClusters = plan.labelCount > 0 ? plan.map.labels(count: plan.labelCount) : []
        showsClasses = plan.labelCount > 0 && plan.clustering == nil
        field = run.forward.positions.map { position in
            var target = plan.map.target(of: position)
            target.reference = references[target.reference]
            return target
        }
        guidance = run.vote.guidance.rgbImage(workers: workers).image
        confidence = run.vote.confidence
        self.transfer = transfer.field.featureMap()
        transferLabels = transfer.labels
    }
}

extension FeatureMap {
    /// The first `count` channels.
    func prefix(_ count: Int) -> FeatureMap {
        let kept = min(count, channels)
        var result = FeatureMap(width: width, height: height, channels: kept)
        for pixel in 0..<pixelCount {
            for channel in 0..<kept {
                result.values[pixel * kept + channel] = values[pixel * channels + channel]
            }
        }
        return result
    }
}
