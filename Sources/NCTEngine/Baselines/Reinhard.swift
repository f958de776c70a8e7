import Foundation

/// Reinhard's color transfer (Reinhard, Ashikhmin, Gooch, Shirley, *Color Transfer between Images*, IEEE Computer
/// Graphics and Applications 2001): along each axis of lαβ, the capture gets the references' mean and standard
/// deviation.
///
/// The space is the paper's own lαβ (Ruderman's, of the logarithms of cone responses), whose axes hardly correlate in
/// natural images. As in the paper, the encoded samples go through its matrix as they are. The way back is the matrix's
/// exact inverse, where the paper prints one rounded to four decimals. CIELAB, which many implementations put in its
/// place, is offered as well: smears are bright, and where there is little light logarithms make much of it.
///
/// Several references are pooled: each of their pixels counts the same. An axis along which the capture does not vary
/// is only shifted. Cost linear in the pixels.
package struct Reinhard: Baseline {
    private let space: BaselineParameters.ReinhardSpace
    private let target: Statistics

    package init(references: [RGBImage], space: BaselineParameters.ReinhardSpace, workers: Workers) {
        self.space = space
        target = Statistics(references.map { Self.samples(of: $0, in: space, workers: workers) }, workers: workers)
    }

    package func recolor(
        _ source: RGBImage, measuring data: RGBImage, _: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        let samples = Self.samples(of: source, in: space, workers: workers)
        let own = Statistics([Self.samples(of: data, in: space, workers: workers)], workers: workers)
        var gains = SIMD3<Double>(repeating: 1)
        for axis in 0..<3 where own.deviation[axis] > Self.leastDeviation {
            gains[axis] = target.deviation[axis] / own.deviation[axis]
        }
        let (gain, shift) = (SIMD3<Float>(gains), SIMD3<Float>(target.mean - gains * own.mean))
        let isOpponent = space == .lAlphaBeta
        let moved = workers.fill(source.pixelCount, width: 3) { range, result in
            for (place, pixel) in range.enumerated() {
                let color = SIMD3(samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2]) * gain + shift
                let final = isOpponent ? Self.rgb(color) : color
                (result[3 * place], result[3 * place + 1], result[3 * place + 2]) = (final.x, final.y, final.z)
            }
        }
        guard !isOpponent else { return .clipping(moved, like: source) }
        let lab = LabImage(width: source.width, height: source.height, samples: moved)
        let (image, clipped) = lab.rgbImage(workers: workers)
        return .repainted(image, clipped: clipped)
    }

    private static func samples(
        of image: RGBImage, in space: BaselineParameters.ReinhardSpace, workers: Workers
    ) -> [Float] {
        switch space {
        case .cielab: LabImage(image, workers: workers).samples
        case .lAlphaBeta:
            workers.fill(image.pixelCount, width: 3) { range, result in
                for (place, pixel) in range.enumerated() {
                    let color = opponent(image, pixel)
                    (result[3 * place], result[3 * place + 1], result[3 * place + 2]) = (color.x, color.y, color.z)
                }
            }
        }
    }

    /// Of the three axes.
    private struct Statistics: Sendable {
        var mean: SIMD3<Double>
        var deviation: SIMD3<Double>

        init(_ images: [[Float]], workers: Workers) {
            var (sum, squares, count) = (SIMD3<Double>.zero, SIMD3<Double>.zero, 0.0)
            for image in images {
                let parts = workers.map(image.count / 3, grain: Workers.pixelGrain) { range in
                    range.reduce(into: (SIMD3<Double>.zero, SIMD3<Double>.zero)) { part, pixel in
                        let color = SIMD3<Double>(
                            Double(image[3 * pixel]), Double(image[3 * pixel + 1]), Double(image[3 * pixel + 2]))
                        part.0 += color
                        part.1 += color * color
                    }
                }
                for part in parts {
                    sum += part.0
                    squares += part.1
                }
                count += Double(image.count / 3)
            }
            mean = sum / max(1, count)
            let variance = squares / max(1, count) - mean * mean
            deviation = variance.clamped(lowerBound: .zero, upperBound: .init(repeating: .infinity)).squareRoot()
        }
    }

    /// Less is rounding.
    private static let leastDeviation = 1e-5
    /// The least cone response: that of a fifth of an 8-bit step. The paper does not say what becomes of black.
    private static let darkest: Float = 0.2 / 255

    /// l, α, β of a pixel.
    private static func opponent(_ image: RGBImage, _ pixel: Int) -> SIMD3<Float> {
        let (r, g, b) = (image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2])
        let cones = SIMD3(
            0.3811 * r + 0.5783 * g + 0.0402 * b, 0.1967 * r + 0.7244 * g + 0.0782 * b,
            0.0241 * r + 0.1288 * g + 0.8444 * b)
        let l = log10(max(cones.x, darkest))
        let m = log10(max(cones.y, darkest))
        let s = log10(max(cones.z, darkest))
        return SIMD3((l + m + s) * third, (l + m - 2 * s) * sixth, (l - m) * half)
    }

    private static func rgb(_ color: SIMD3<Float>) -> SIMD3<Float> {
        let (l, a, b) = (color.x * third, color.y * sixth, color.z * half)
        // Sixty decades are beyond any picture and within what a number holds.
        func cone(_ logarithm: Float) -> Float { pow(10, min(30, max(-30, logarithm))) }
        let cones = SIMD3(cone(l + a + b), cone(l + a - b), cone(l - 2 * a))
        return inverse.0 * cones.x + inverse.1 * cones.y + inverse.2 * cones.z
    }

    private static let third = 1 / Float(3).squareRoot()
    private static let sixth = 1 / Float(6).squareRoot()
    private static let half = 1 / Float(2).squareRoot()

    /// The columns of the inverse of the cones' matrix, by its cofactors.
    private static let inverse: (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>) = {
        let (first, second, third) = (
            SIMD3(0.3811, 0.5783, 0.0402), SIMD3(0.1967, 0.7244, 0.0782), SIMD3(0.0241, 0.1288, 0.8444)
        )
        func cross(_ u: SIMD3<Double>, _ v: SIMD3<Double>) -> SIMD3<Double> {
            SIMD3(u.y * v.z - u.z * v.y, u.z * v.x - u.x * v.z, u.x * v.y - u.y * v.x)
        }
        let determinant = (first * cross(second, third)).sum()
        return (
            SIMD3<Float>(cross(second, third) / determinant), SIMD3<Float>(cross(third, first) / determinant),
            SIMD3<Float>(cross(first, second) / determinant)
        )
    }()
}
