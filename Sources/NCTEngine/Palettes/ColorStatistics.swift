/// How one class of a smear, or one part of a kind of white cell, is colored in a lab: CIELAB, channel by channel.
public struct ColorStatistics: Sendable, Equatable, Codable {
    /// Mean of the means of fields or cells.
    public var mean: SIMD3<Float>
    /// Root mean squared deviation inside of one field's class or of one cell's part.
    public var within: SIMD3<Float>
    /// Deviation of the means between fields or cells.
    public var between: SIMD3<Float>
    /// How many fields or cells it was measured on, each by the probability that it belongs here; 0 for what is only
    /// known of other labs.
    public var count: Float

    public init(mean: SIMD3<Float>, within: SIMD3<Float>, between: SIMD3<Float>, count: Float) {
        self.mean = mean
        self.within = within
        self.between = between
        self.count = count
    }

    /// What weighted moments say; `prior` counts as `strength` further members.
    init(_ moments: PartMoments, prior: ColorStatistics, strength: Float) {
        let total = moments.weight + strength
        func blended(_ own: SIMD3<Float>, _ other: SIMD3<Float>) -> SIMD3<Float> {
            (own * moments.weight + other * strength) / total
        }
        mean = blended(moments.mean, prior.mean)
        within = blended(moments.within * moments.within, prior.within * prior.within).squareRoot()
        between = blended(moments.between * moments.between, prior.between * prior.between).squareRoot()
        count = moments.weight
    }

    var isSound: Bool {
        func finite(_ value: SIMD3<Float>) -> Bool { value.x.isFinite && value.y.isFinite && value.z.isFinite }
        return finite(mean) && finite(within) && finite(between) && within.min() >= 0 && between.min() >= 0
            && mean.min() >= -200 && mean.max() <= 200 && within.max() <= 200 && between.max() <= 200 && count >= 0
            && count.isFinite
    }
}

/// One class of one field, or one part of one cell.
package struct PartColor: Sendable, Equatable {
    /// Mean and deviation of its pixels in CIELAB.
    package var mean: SIMD3<Float>
    package var deviation: SIMD3<Float>
    package var pixels: Int

    package init(mean: SIMD3<Float>, deviation: SIMD3<Float>, pixels: Int) {
        self.mean = mean
        self.deviation = deviation
        self.pixels = pixels
    }
}

/// Weighted moments of the colors of many fields or cells, summed in the order in which they are added.
struct PartMoments {
    private var sum = SIMD3<Double>.zero
    private var squares = SIMD3<Double>.zero
    private var variances = SIMD3<Double>.zero
    private var total = 0.0

    mutating func add(_ part: PartColor, weight: Float) {
        let (mean, deviation) = (SIMD3<Double>(part.mean), SIMD3<Double>(part.deviation))
        let weight = Double(weight)
        sum += weight * mean
        squares += weight * mean * mean
        variances += weight * deviation * deviation
        total += weight
    }

    var weight: Float { Float(total) }
    var mean: SIMD3<Float> { SIMD3<Float>(sum / max(total, 1e-9)) }
    var within: SIMD3<Float> { SIMD3<Float>((variances / max(total, 1e-9)).squareRoot()) }
    var between: SIMD3<Float> {
        let center = sum / max(total, 1e-9)
        let variance = squares / max(total, 1e-9) - center * center
        return SIMD3<Float>(variance.replacing(with: 0, where: variance .< 0).squareRoot())
    }
}
