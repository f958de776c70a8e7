/// How much of the structure of a capture its result kept: the mean structural similarity index (Wang, Bovik, Sheikh,
/// Simoncelli 2004) of their luminance, after the one affine change of the result that fits the source best.
///
/// A normalization *should* change luminance: another lab's slides are lighter, darker, of other contrast. What it
/// must not change is the structure, so the gain (never negative: an inverted image is not the same) and the offset
/// that bring the result's luminance to the source's by least squares are removed first. Windows are boxes of 7 × 7
/// pixels, K1 = 0.01, K2 = 0.03; images of 256 pixels and more on the shorter side are compared at half resolution,
/// where the camera's noise counts less. Cost linear in the pixels.
package enum StructuralSimilarity {
    private static let side = 7
    private static let constants: (Float, Float) = (0.01 * 0.01, 0.03 * 0.03)

    /// −1…1; 1 for an image and any affine change of it.
    ///
    /// An image smaller than a window is one window.
    ///
    /// - Precondition: both images have one size, at least one pixel.
    package static func value(source: RGBImage, result: RGBImage, workers: Workers = Workers(threads: 1)) -> Float {
        let scale = min(source.width, source.height) >= 256 ? 2 : 1
        return value(
            source: Reduction.box(source, by: scale, workers: workers).luminance(workers: workers),
            result: Reduction.box(result, by: scale, workers: workers).luminance(workers: workers), workers: workers)
    }

    /// The same for planes of luminance 0…1.
    package static func value(source: Plane, result: Plane, workers: Workers = Workers(threads: 1)) -> Float {
        var fitted = result
        let (gain, offset) = affineChange(of: result.values, onto: source.values)
        for index in fitted.values.indices { fitted.values[index] = gain * fitted.values[index] + offset }
        let value = QualityKernels.structuralSimilarity(
            source, fitted, side: min(side, source.width, source.height), constants: constants, workers: workers)
        return Float(min(1, max(-1, value)))
    }

    /// The gain, not negative, and the offset with the least squared error; in double precision, in a fixed order.
    private static func affineChange(of values: [Float], onto target: [Float]) -> (gain: Float, offset: Float) {
        let count = Double(max(1, values.count))
        var (sum, targetSum) = (0.0, 0.0)
        for index in values.indices {
            sum += Double(values[index])
            targetSum += Double(target[index])
        }
        let (mean, targetMean) = (sum / count, targetSum / count)
        var (variance, covariance) = (0.0, 0.0)
        for index in values.indices {
            let deviation = Double(values[index]) - mean
            variance += deviation * deviation
            covariance += deviation * (Double(target[index]) - targetMean)
        }
        let gain = variance > 1e-12 * count ? max(0, covariance / variance) : 0
        return (Float(gain), Float(targetMean - gain * mean))
    }
}
