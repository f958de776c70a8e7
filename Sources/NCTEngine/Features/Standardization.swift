/// Step 2: each channel of each image minus its mean, over its standard deviation (the paper's Eq. 1).
///
/// Never applied to a map on its own: ``Projection`` folds it into its matrix. A channel that does not vary stays 0.
package struct Standardization: Sendable, Equatable {
    package let mean: [Double]
    /// 1/σ, or 0 for a channel that does not vary.
    package let inverseDeviation: [Double]

    /// Measures a map. Cost linear in its values.
    ///
    /// - Parameters:
    ///   - weights: how much each pixel counts (``CompositionBalance``); all the same if nil.
    package init(of map: FeatureMap, weights: Plane? = nil, workers: Workers) {
        let (mean, deviation) = FeatureKernels.channelStatistics(
            map, weights: weights?.values ?? [Float](repeating: 1, count: map.pixelCount), workers: workers)
        self.mean = mean
        inverseDeviation = zip(mean, deviation).map { mean, deviation in
            deviation > 1e-6 * max(1, abs(mean)) ? 1 / deviation : 0
        }
    }

    /// Whether no channel varies at all, as in an image of one color.
    package var isConstant: Bool { inverseDeviation.allSatisfy { $0 == 0 } }
}
