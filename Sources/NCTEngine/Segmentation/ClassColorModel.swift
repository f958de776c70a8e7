import Foundation

/// Agreement of a field's classes on their colors.
///
/// A network judges each place by what surrounds it, and errs where a cell looks unlike all that it has learned from,
/// such as a stacked red cell as dense as a nucleus. Within one field, though, one stain, one light and one camera give
/// each class its own colors, and most of a class is recognized rightly. So each class is given a normal distribution
/// in CIELAB, fitted to the pixels that are taken for it, and the network's probabilities are multiplied by these
/// distributions' densities: a mixture model with the network's view as the prior of each pixel (expectation
/// maximization, Dempster, Laird, Rubin 1977; robust weights of a t-distribution as in Peel and McLachlan 2000).
///
/// On images of two labs this takes away three quarters of the pixels falsely taken for nucleus in the one that the network
/// has never seen, and costs the other a little of its cytoplasm (docs/smearnet.md has the figures).
package struct ClassColorModel: Sendable {
    /// By class; nil for one of which there is hardly anything.
    private let normals: [ColorNormal?]

    // The constants are by eye; together they give the figures above.

    private static let count = SmearSegmentation.classCount
    /// Pixels that the fit looks at, at most.
    private static let sampleLimit = 16384
    private static let rounds = 3
    private static let robustRounds = 3
    /// A pixel counts for a class by its probability to this power, so that the sure ones decide.
    private static let sharpness = 4
    /// Added to the variance in each direction, squared ΔE*ab: colors that are so alike are not told apart.
    private static let leastVariance: Double = 64
    /// Degrees of freedom of the robust weights.
    private static let freedom: Float = 3
    /// Farther away all is equally unlikely.
    private static let greatestSquare: Float = 30
    /// A class with a smaller share of the pixels has no distribution of its own.
    private static let leastShare = 0.0003
    private static let leastProbability: Float = 1e-6

    /// Fits the distributions. Deterministic; some milliseconds whatever the size.
    ///
    /// - Parameter mask: the pixels that are fitted to.
    /// - Precondition: all have one size.
    package init(_ probabilities: FeatureMap, colors: LabImage, mask: DataMask? = nil, workers: Workers) {
        precondition(probabilities.pixelCount == colors.pixelCount, "every pixel has its color")
        let pixels = PixelSample.indices(
            width: colors.width, pixelCount: colors.pixelCount, limit: Self.sampleLimit
        ).filter { mask.isData($0) }
        let samples = ColorRows(colors, at: pixels)
        let colors = pixels.flatMap { colors.samples[3 * $0..<3 * $0 + 3] }
        let prior = pixels.flatMap { probabilities.values[$0 * Self.count..<($0 + 1) * Self.count] }
        var normals = [ColorNormal?](repeating: nil, count: Self.count)
        for _ in 0..<Self.rounds {
            let posterior = Self.posterior(prior, colors, normals, workers)
            normals = workers.map(Self.count, grain: 1) { range in
                Self.normal(samples, weights: pixels.indices.map { posterior[$0 * Self.count + range.lowerBound] })
            }
        }
        self.normals = normals
    }

    /// The probabilities in the light of the colors.
    package func applied(to probabilities: FeatureMap, colors: LabImage, workers: Workers) -> FeatureMap {
        FeatureMap(
            width: probabilities.width, height: probabilities.height, channels: Self.count,
            values: Self.posterior(probabilities.values, colors.samples, normals, workers))
    }

    /// The probabilities times the distributions' densities; as they are where no class has one.
    private static func posterior(
        _ prior: [Float], _ colors: [Float], _ normals: [ColorNormal?], _ workers: Workers
    ) -> [Float] {
        guard normals.contains(where: { $0 != nil }) else { return prior }
        return ClassKernels.posterior(
            prior, colors: colors, normals: normals, farthest: greatestSquare, least: leastProbability,
            workers: workers)
    }

    /// The distribution of the samples, those far from its center counting less.
    private static func normal(_ samples: ColorRows, weights probabilities: [Float]) -> ColorNormal? {
        let weights = probabilities.map { value in (1..<sharpness).reduce(value) { power, _ in power * value } }
        let plain = ClassKernels.moments(samples, weights: weights, around: nil, freedom: freedom)
        guard plain.weight > leastShare * Double(weights.count) else { return nil }
        var result = distribution(plain)
        for _ in 0..<robustRounds {
            let moments = ClassKernels.moments(samples, weights: weights, around: result, freedom: freedom)
            guard moments.weight > 0 else { return result }
            result = distribution(moments)
        }
        return result
    }

    private static func distribution(_ moments: ColorMoments) -> ColorNormal {
        let mean = moments.sum / moments.weight
        let v = moments.squares / moments.weight - mean * mean + leastVariance
        let c = moments.products / moments.weight - SIMD3(mean.x * mean.y, mean.x * mean.z, mean.y * mean.z)
        let (xy, xz, yz) = (c.x, c.y, c.z)
        let determinant =
            v.x * (v.y * v.z - yz * yz) - xy * (xy * v.z - yz * xz) + xz * (xy * yz - v.y * xz)
        return ColorNormal(
            mean: SIMD3<Float>(mean),
            diagonal: SIMD3<Float>(SIMD3(v.y * v.z - yz * yz, v.x * v.z - xz * xz, v.x * v.y - xy * xy) / determinant),
            mixed: SIMD3<Float>(SIMD3(xz * yz - xy * v.z, xy * yz - v.y * xz, xy * xz - v.x * yz) / determinant),
            offset: Float(-0.5 * log(determinant)))
    }
}
