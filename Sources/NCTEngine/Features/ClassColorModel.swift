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
    private struct Normal {
        var mean: SIMD3<Float>
        /// Inverse covariance: xx, yy, zz, xy, xz, yz.
        var precision: (Float, Float, Float, Float, Float, Float)
        /// -½ log of the determinant of the covariance.
        var offset: Float

        func squaredDistance(_ color: SIMD3<Float>) -> Float {
            let d = color - mean
            let diagonal = precision.0 * d.x * d.x + precision.1 * d.y * d.y + precision.2 * d.z * d.z
            return diagonal + 2 * (precision.3 * d.x * d.y + precision.4 * d.x * d.z + precision.5 * d.y * d.z)
        }
    }

    /// By class; nil for one of which there is hardly anything.
    private let normals: [Normal?]

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

    /// Fits the distributions. Deterministic; a few milliseconds whatever the size.
    ///
    /// - Precondition: both have one size.
    package init(_ probabilities: FeatureMap, colors: LabImage, workers: Workers) {
        precondition(probabilities.pixelCount == colors.pixelCount, "every pixel has its color")
        let pixels = PixelSample.indices(
            width: colors.width, pixelCount: colors.pixelCount, limit: Self.sampleLimit)
        let samples = pixels.map { colors[$0] }
        let prior = pixels.flatMap { pixel in
            probabilities.values[pixel * Self.count..<(pixel + 1) * Self.count]
        }
        var posterior = prior
        var normals = [Normal?](repeating: nil, count: Self.count)
        for _ in 0..<Self.rounds {
            let before = posterior
            normals = workers.map(Self.count, grain: 1) { range in
                Self.normal(samples, weights: samples.indices.map { before[$0 * Self.count + range.lowerBound] })
            }
            let densities = normals
            posterior = workers.flatMap(samples.count, grain: 2048) { range in
                let own = Array(prior[range.lowerBound * Self.count..<range.upperBound * Self.count])
                var values = own
                for index in range {
                    Self.join(
                        densities, samples[index], own, into: &values, at: (index - range.lowerBound) * Self.count)
                }
                return values
            }
        }
        self.normals = normals
    }

    /// The probabilities in the light of the colors.
    package func applied(to probabilities: FeatureMap, colors: LabImage, workers: Workers) -> FeatureMap {
        let values = workers.flatMap(probabilities.height, grain: 16) { range in
            let pixels = range.lowerBound * probabilities.width..<range.upperBound * probabilities.width
            let prior = Array(probabilities.values[pixels.lowerBound * Self.count..<pixels.upperBound * Self.count])
            var values = prior
            for pixel in pixels {
                Self.join(
                    normals, colors[pixel], prior, into: &values, at: (pixel - pixels.lowerBound) * Self.count)
            }
            return values
        }
        return FeatureMap(
            width: probabilities.width, height: probabilities.height, channels: Self.count,
            values: values)
    }

    /// Writes one pixel's probabilities: its prior times the densities, normalized. A class without a distribution is
    /// taken for as unlikely as the least likely of the others.
    private static func join(
        _ normals: [Normal?], _ color: SIMD3<Float>, _ prior: [Float], into values: inout [Float], at start: Int
    ) {
        var (least, greatest) = (Float.infinity, -Float.infinity)
        var density = SIMD8<Float>(repeating: 0)
        for kind in 0..<count {
            guard let normal = normals[kind] else { continue }
            density[kind] = normal.offset - min(greatestSquare, normal.squaredDistance(color)) / 2
            least = min(least, density[kind])
            greatest = max(greatest, density[kind])
        }
        guard least < .infinity else { return }
        var sum: Float = 0
        for kind in 0..<count {
            let logarithm = (normals[kind] == nil ? least : density[kind]) - greatest
            let value = max(leastProbability, prior[start + kind]) * exp(logarithm)
            values[start + kind] = value
            sum += value
        }
        for kind in 0..<count { values[start + kind] /= sum }
    }

    /// The distribution of the samples, those far from its center counting less.
    private static func normal(_ samples: [SIMD3<Float>], weights probabilities: [Float]) -> Normal? {
        let weights = probabilities.map { value in (1..<sharpness).reduce(value) { power, _ in power * value } }
        guard let start = moments(samples, weights) else { return nil }
        var result = start
        var robust = weights
        for _ in 0..<robustRounds {
            for index in samples.indices {
                robust[index] = weights[index] / (1 + result.squaredDistance(samples[index]) / freedom)
            }
            guard let next = moments(samples, robust, leastShare: 0) else { return result }
            result = next
        }
        return result
    }

    private static func moments(
        _ samples: [SIMD3<Float>], _ weights: [Float], leastShare: Double = Self.leastShare
    ) -> Normal? {
        var (sum, total) = (SIMD3<Double>.zero, 0.0)
        for (sample, weight) in zip(samples, weights) {
            sum += Double(weight) * SIMD3<Double>(sample)
            total += Double(weight)
        }
        guard total > leastShare * Double(samples.count) else { return nil }
        let mean = sum / total
        var (squares, products) = (SIMD3<Double>.zero, SIMD3<Double>.zero)
        for (sample, weight) in zip(samples, weights) {
            let d = SIMD3<Double>(sample) - mean
            squares += Double(weight) * d * d
            products += Double(weight) * SIMD3(d.x * d.y, d.x * d.z, d.y * d.z)
        }
        let v = squares / total + leastVariance
        let c = products / total
        let (xy, xz, yz) = (c.x, c.y, c.z)
        let determinant =
            v.x * (v.y * v.z - yz * yz) - xy * (xy * v.z - yz * xz) + xz * (xy * yz - v.y * xz)
        return Normal(
            mean: SIMD3<Float>(mean),
            precision: (
                Float((v.y * v.z - yz * yz) / determinant), Float((v.x * v.z - xz * xz) / determinant),
                Float((v.x * v.y - xy * xy) / determinant), Float((xz * yz - xy * v.z) / determinant),
                Float((xy * yz - v.y * xz) / determinant), Float((xy * xz - v.x * yz) / determinant)
            ), offset: Float(-0.5 * log(determinant)))
    }
}
