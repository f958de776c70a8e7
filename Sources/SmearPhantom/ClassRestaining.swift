import Foundation
import NCTEngine

/// A real image as a lab would show it whose dyes take to each class of a smear differently: nuclei bluer, red cells
/// more orange, cytoplasm paler, each on its own. What a change of the whole image's color cannot undo.
///
/// Each class has its own ``Restaining/scale(eosin:azure:hemoglobin:)`` and its own factors of density in red, green and
/// blue, and all have one light. Classes are the built-in network's; their changes pass smoothly into each other.
public struct ClassRestaining: Sendable, Equatable {
    /// Amounts of eosin, azure and hemoglobin, and of density in red, green and blue, by class in the order of
    /// `SmearClass`; the background keeps its density.
    public let scales: [SIMD3<Float>]
    public let hues: [SIMD3<Float>]
    /// Multiplies the light, in linear red, green and blue.
    public let lightFactor: SIMD3<Float>

    private static let scaleRange: ClosedRange<Float> = 0.6...1.6
    private static let hueRange: ClosedRange<Float> = 0.8...1.25
    private static let lightRange: ClosedRange<Float> = 0.75...1.05
    /// Over how many pixels one class passes into the next, standard deviation.
    private static let blur: Float = 1.5

    /// Draws a lab: factors whose logarithms are equally likely.
    public init(seed: UInt64) {
        var generator = SeededGenerator(seed: SeededGenerator.mix(seed &+ 0xC1A5_5000))
        func drawn(_ range: ClosedRange<Float>) -> SIMD3<Float> {
            let exponents = (0..<3).map { _ in Float.random(in: 0...1, using: &generator) }
            return SIMD3(
                exponents.map { range.lowerBound * powf(range.upperBound / range.lowerBound, $0) })
        }
        let all = drawn(Self.hueRange)
        scales = SmearClass.allCases.map { _ in drawn(Self.scaleRange) }
        // Half of the hue is the lab's, half the class's.
        hues = SmearClass.allCases.map { _ in (all * drawn(Self.hueRange)).squareRoot() }
        lightFactor = drawn(Self.lightRange)
    }

    /// The image restained. Samples are clipped to 0…1 and not rounded to code values; the same arguments give the same
    /// bytes for any number of threads.
    ///
    /// Throws ``EngineError/Code/imageTooSmall`` for an image that is too small for the network.
    public func apply(to image: RGBImage, workers: Workers = Workers(threads: 1)) throws -> RGBImage {
        let labels = try SmearNet.embedded.segmentation(of: image, workers: workers)
            .labels(reducedBy: 1, workers: workers)
        let table = SmearClass.allCases.map { kind -> SIMD8<Float> in
            guard kind != .background else { return SIMD8(repeating: 1) }
            let (scale, hue) = (scales[Int(kind.rawValue)], hues[Int(kind.rawValue)])
            return SIMD8(scale.x, scale.y, scale.z, hue.x, hue.y, hue.z, 1, 1)
        }
        let factors = PartKernels.blurred(
            labels.bytes.map(UInt16.init), table: table, width: image.width, height: image.height,
            deviation: Self.blur, workers: workers)
        var restaining = Restaining()
        restaining.lightFactor = lightFactor
        return restaining.apply(to: image, workers: workers) { pixel in
            let at = 8 * pixel
            return (
                SIMD3(factors[at], factors[at + 1], factors[at + 2]),
                SIMD3(factors[at + 3], factors[at + 4], factors[at + 5])
            )
        }
    }
}
