/// The features of one image with their standardization, by level.
package struct CaptureFeatures: Sendable {
    package let byLevel: [Int: (map: FeatureMap, standardization: Standardization)]

    package init(
        _ reading: CaptureReading, levels: [Int], standardization: NormalizationParameters.Standardization,
        workers: Workers
    ) throws {
        let weights =
            standardization == .balanced
            ? CompositionBalance.weights(of: reading.image, mask: reading.mask, workers: workers) : nil
        var byLevel: [Int: (map: FeatureMap, standardization: Standardization)] = [:]
        for (level, map) in try reading.features(atLevels: levels, workers: workers) {
            let weights = weights.map { Reduction.box($0, by: 1 << (level - 1)) }
            let mask = reading.mask.reduced(by: 1 << (level - 1))
            byLevel[level] = (map, Standardization(of: map, weights: weights, mask: mask, workers: workers))
        }
        self.byLevel = byLevel
    }

    /// The features of a part, with the standardization of the whole frame.
    init(of part: PixelArea, in reading: any FeatureReading, by statistics: [Int: Standardization], workers: Workers)
        throws
    {
        var byLevel: [Int: (map: FeatureMap, standardization: Standardization)] = [:]
        for (level, map) in try reading.features(of: part, workers: workers) {
            guard let standardization = statistics[level] else { preconditionFailure("statistics lack a level") }
            byLevel[level] = (map, standardization)
        }
        self.byLevel = byLevel
    }

    /// Whether the image shows nothing at any level.
    package var isConstant: Bool { byLevel.values.allSatisfy { $0.standardization.isConstant } }
}
