import Foundation

/// The plane through the origin in which the stained pixels' optical densities lie, and the stains at its edges: the
/// singular value decomposition of the densities, and the extreme angles in the plane of its first two directions.
struct StainPlane: Sendable {
    /// The stains of unit length at the α-th and the (100 − α)-th percentile of the angle.
    let stains: StainPair

    /// Fewer pixels do not make a percentile.
    static let leastPixels = 100
    /// Less wide than this, in degrees, the pixels' colors are those of one stain.
    static let leastAngle: Float = 3
    /// The second singular value has to be more than this many times the third, or the plane is one of noise.
    static let leastFlatness: Float = 1.5

    /// - Parameter percent: α.
    ///
    /// Throws ``StainsMissing`` if the pixels are too few, or show one stain at most.
    init(_ densities: [SIMD3<Float>], percent: Float, workers: Workers) throws(StainsMissing) {
        guard densities.count >= Self.leastPixels else {
            throw StainsMissing(
                .fewStainedPixels, Float(densities.count), Float(Self.leastPixels),
                "only \(densities.count) pixels are stained")
        }
        let (values, vectors) = LinearAlgebra.symmetricEigen(Self.gram(densities, workers: workers), size: 3)
        let axes = vectors.map { SIMD3<Float>(Float($0[0]), Float($0[1]), Float($0[2])) }
        // A matrix of rank one has its other values at nothing, give or take rounding.
        let floor = 1e-9 * max(0, values[0])
        let flatness = Float((max(0, values[1]) / max(values[2], floor, .leastNormalMagnitude)).squareRoot())
        guard values[1] > floor, flatness > Self.leastFlatness else {
            throw StainsMissing(.oneStain, flatness, Self.leastFlatness, "the stained pixels show one stain only")
        }
        // Densities are positive, so that the first direction lies among them and no angle is near the half turn.
        let angles = densities.map { density in
            atan2((density * axes[1]).sum(), (density * axes[0]).sum())
        }.sorted()
        let low = Percentile.sorted(angles, Double(percent))
        let high = Percentile.sorted(angles, 100 - Double(percent))
        let width = (high - low) * 180 / .pi
        guard width >= Self.leastAngle else {
            throw StainsMissing(.oneStain, width, Self.leastAngle, "the stained pixels show one stain only")
        }
        func direction(_ angle: Float) -> SIMD3<Float> { cos(angle) * axes[0] + sin(angle) * axes[1] }
        stains = StainPair(direction(low), direction(high))
    }

    /// Sums of products of the densities, 3 × 3, in double precision and a fixed order.
    private static func gram(_ densities: [SIMD3<Float>], workers: Workers) -> [Double] {
        let parts = workers.map(densities.count, grain: Workers.pixelGrain) { range in
            range.reduce(into: (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)) { part, index in
                let density = SIMD3<Double>(densities[index])
                part.0 += density.x * density
                part.1 += density.y * density
                part.2 += density.z * density
            }
        }
        let sum = parts.reduce((SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)) {
            ($0.0 + $1.0, $0.1 + $1.1, $0.2 + $1.2)
        }
        return [sum.0, sum.1, sum.2].flatMap { [$0.x, $0.y, $0.z] }
    }
}

/// Two stains as optical densities of red, green and blue, in an order that is the same for captures and references.
///
/// That which absorbs more red against blue is the first: azure and hematoxylin do, eosin and hemoglobin do not. (The
/// papers do not say how stains find their counterparts. Implementations go by red alone, which exchanges them in some
/// blood smears.)
package struct StainPair: Sendable, Equatable {
    package var first: SIMD3<Float>
    package var second: SIMD3<Float>

    package init(_ one: SIMD3<Float>, _ other: SIMD3<Float>) {
        (first, second) = one.x - one.z > other.x - other.z ? (one, other) : (other, one)
    }

    /// The angle between them in degrees.
    package var angle: Float {
        let lengths = ((first * first).sum() * (second * second).sum()).squareRoot()
        guard lengths > 0 else { return 0 }
        return acos(min(1, max(-1, (first * second).sum() / lengths))) * 180 / .pi
    }
}

/// Why an image's stains cannot be told apart.
struct StainsMissing: Error {
    let finding: QualityReport.Finding
    let message: String

    init(_ kind: QualityReport.Finding.Kind, _ value: Float, _ threshold: Float, _ message: String) {
        finding = QualityReport.Finding(kind: kind, value: value, threshold: threshold)
        self.message = message
    }

    /// The same as an error of the references.
    func unusable(_ references: [RGBImage]) -> EngineError {
        EngineError(
            .unusableReference, message, subject: references.count == 1 ? .reference(0) : .references,
            remedy: "choose images that show red cells and nuclei, or another method")
    }
}
