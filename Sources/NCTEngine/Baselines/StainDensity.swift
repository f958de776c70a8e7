import Foundation

/// Natural optical density over white, −ln I, with I no less than one 8-bit step.
///
/// Both papers take the encoded sample for the light's intensity, and so does this.
package enum StainDensity {
    private static let table: [Float] = (0..<SampleHistogram.codes).map { code in
        -log(max(SampleHistogram.sample(of: code), 1 / 255))
    }

    static func of(_ image: RGBImage, _ pixel: Int) -> SIMD3<Float> {
        SIMD3(
            table[SampleHistogram.code(of: image.samples[3 * pixel])],
            table[SampleHistogram.code(of: image.samples[3 * pixel + 1])],
            table[SampleHistogram.code(of: image.samples[3 * pixel + 2])])
    }

    /// The densities of the stained pixels, in which every channel reaches the threshold, in the images' order.
    package static func stained(_ images: [RGBImage], threshold: Float, workers: Workers) -> [SIMD3<Float>] {
        images.flatMap { image in
            workers.map(image.pixelCount, grain: Workers.pixelGrain) { range in
                range.compactMap { pixel in
                    let density = of(image, pixel)
                    return density.min() >= threshold ? density : nil
                }
            }.flatMap { $0 }
        }
    }
}

/// Percentiles as they are usually taken: linear between the sorted values.
enum Percentile {
    /// - Parameter percent: 0…100.
    /// - Precondition: there are values.
    static func of(_ values: [Float], _ percent: Double) -> Float { sorted(values.sorted(), percent) }

    static func sorted(_ values: [Float], _ percent: Double) -> Float {
        let place = Double(values.count - 1) * percent / 100
        let below = min(values.count - 1, max(0, Int(place)))
        let above = min(values.count - 1, below + 1)
        return values[below] + Float(place - Double(below)) * (values[above] - values[below])
    }
}
