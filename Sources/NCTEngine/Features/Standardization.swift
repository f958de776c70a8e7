/// Step 2: each channel of each image minus its mean, over its standard deviation (the paper's Eq. 1).
///
/// Never applied to a map on its own: ``Projection`` folds it into its matrix. A channel that does not vary stays 0.
package struct Standardization: Sendable, Equatable {
    package let mean: [Double]
    /// 1/σ, or 0 for a channel that does not vary.
    package let inverseDeviation: [Double]

    /// The least deviation of a weighted channel, as a share of the root mean square of all channels' deviations.
    ///
    /// A channel that only nuclei drive does not vary over background and red cells. Divided by what is left there,
    /// which is noise, it would put nuclei hundreds of deviations away, and they alone would make up the components.
    /// Set on phantoms and on training images of both labs: from 0.1 to 0.3 little changes.
    package static let weightedFloor = 0.15

    /// Measures a map. Cost linear in its values.
    ///
    /// - Parameters:
    ///   - weights: how much each pixel counts (``CompositionBalance``); all the same if nil. With weights, deviations
    ///     are kept from falling far below those of the other channels (``weightedFloor``).
    ///   - mask: the pixels that count, on the map's grid.
    package init(of map: FeatureMap, weights: Plane? = nil, mask: DataMask? = nil, workers: Workers) {
        self.init(
            FeatureKernels.weightedSums(
                map,
                weights: (weights ?? Plane(width: map.width, height: map.height, repeating: 1)).masked(by: mask).values,
                workers: workers),
            weighted: weights != nil)
    }

    /// - Parameter weighted: deviations are kept from falling far below those of the other channels.
    package init(_ sums: ChannelSums, weighted: Bool) {
        let (mean, deviation) = sums.statistics
        self.mean = mean
        let share = weighted ? Self.weightedFloor : 0
        let least = share * share * deviation.reduce(0) { $0 + $1 * $1 } / Double(max(1, deviation.count))
        inverseDeviation = zip(mean, deviation).map { mean, deviation in
            deviation > 1e-6 * max(1, abs(mean)) ? 1 / (deviation * deviation + least).squareRoot() : 0
        }
    }

    /// Whether no channel varies at all, as in an image of one color.
    package var isConstant: Bool { inverseDeviation.allSatisfy { $0 == 0 } }
}
