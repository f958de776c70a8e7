import Foundation

/// An image's two stains, and how strongly it is stained with each: what Macenko's and Vahadane's methods bring from
/// the references to a capture.
package struct StainModel: Sendable, Equatable {
    package let stains: StainPair
    /// How a pixel's concentrations follow from its density.
    let unmixing: Unmixing
    /// The 99th percentile of either stain's concentration over all pixels.
    package let strengths: SIMD2<Float>

    private static let percent = 99.0
    /// Strengths of less are nothing that another could be scaled by.
    static let leastStrength: Float = 0.01

    /// - Parameter sparsity: nil for least squares.
    ///
    /// Throws ``StainsMissing`` if the stains lie too near to each other, or if one is hardly there.
    init(of images: [RGBImage], stains: StainPair, sparsity: Float?, workers: Workers) throws(StainsMissing) {
        self.stains = stains
        guard stains.angle >= StainPlane.leastAngle else {
            throw StainsMissing(
                .oneStain, stains.angle, StainPlane.leastAngle, "the stained pixels show one stain only")
        }
        let unmixing = Unmixing(stains, sparsity: sparsity)
        self.unmixing = unmixing
        let parts = images.map { image in
            workers.fill(image.pixelCount, width: 2) { range, target in
                for (place, pixel) in range.enumerated() {
                    let amounts = unmixing(StainDensity.of(image, pixel))
                    (target[2 * place], target[2 * place + 1]) = (amounts.x, amounts.y)
                }
            }
        }
        let both = workers.map(2, grain: 1) { range in
            let values = parts.flatMap { part in
                stride(from: range.lowerBound, to: part.count, by: 2).map { part[$0] }
            }
            return values.isEmpty ? 0 : Percentile.of(values, Self.percent)
        }
        strengths = SIMD2(both[0], both[1])
        guard strengths.min() >= Self.leastStrength else {
            throw StainsMissing(
                .stainAbsent, strengths.min(), Self.leastStrength, "one of the stains is hardly there")
        }
    }

    /// The image with its stains replaced by another's, concentrations scaled to the other's strengths.
    func restained(_ image: RGBImage, as target: StainModel, workers: Workers) -> Recoloring {
        let scale = target.strengths / strengths
        return .clipping(
            workers.fill(image.pixelCount, width: 3) { range, result in
                for (place, pixel) in range.enumerated() {
                    let amounts = unmixing(StainDensity.of(image, pixel)) * scale
                    let density = amounts.x * target.stains.first + amounts.y * target.stains.second
                    // Sixty is beyond any density, and keeps the exponential finite.
                    for channel in 0..<3 { result[3 * place + channel] = exp(-min(60, max(-60, density[channel]))) }
                }
            }, like: image)
    }
}

/// The concentrations of two stains in a pixel.
package struct Unmixing: Sendable, Equatable {
    private let first: SIMD3<Float>
    private let second: SIMD3<Float>
    /// λ; nil for plain least squares, which may be negative.
    private let sparsity: Float?
    /// Squared lengths, the product, and the determinant of the three.
    private let squares: SIMD2<Float>
    private let product: Float
    private let determinant: Float

    package init(_ stains: StainPair, sparsity: Float?) {
        (first, second) = (stains.first, stains.second)
        self.sparsity = sparsity
        squares = SIMD2((first * first).sum(), (second * second).sum())
        product = (first * second).sum()
        determinant = squares.x * squares.y - product * product
    }

    /// Least squares, or the minimum of ½‖x − S·c‖² + λ·(c₁ + c₂) over c ≥ 0, exactly: the minimum is inside, or on
    /// one of the two axes, or at 0.
    package func callAsFunction(_ density: SIMD3<Float>) -> SIMD2<Float> {
        let weight = sparsity ?? 0
        let (a, b) = ((first * density).sum() - weight, (second * density).sum() - weight)
        if determinant > 1e-7 * squares.x * squares.y {
            let inside = SIMD2(squares.y * a - product * b, squares.x * b - product * a) / determinant
            if sparsity == nil || inside.min() >= 0 { return inside }
        }
        // Along an axis the least value is −a²/2‖s‖² where a is positive.
        let (alone, other) = (max(0, a), max(0, b))
        let isFirst = alone * alone * squares.y >= other * other * squares.x
        return isFirst
            ? SIMD2(squares.x > 0 ? alone / squares.x : 0, 0) : SIMD2(0, squares.y > 0 ? other / squares.y : 0)
    }
}
