/// The parameters of the baselines, with their papers' defaults. Each is read by the methods that it names alone.
public struct BaselineParameters: Sendable, Equatable, Codable {
    /// The color space of Reinhard's method.
    public enum ReinhardSpace: String, Sendable, Codable, CaseIterable {
        /// The paper's.
        case lAlphaBeta = "l-alpha-beta"
        /// What many implementations put in its place.
        case cielab
    }

    /// Color balance: percent of a channel's pixels that become its darkest and its brightest value (0…49).
    public var saturatedLowPercent: Float = 1
    public var saturatedHighPercent: Float = 1
    /// Reinhard: the space in which means and deviations are taken.
    public var reinhardSpace: ReinhardSpace = .lAlphaBeta
    /// Macenko and Vahadane: β, the natural optical density that every channel of a pixel must reach for the pixel to
    /// count as stained (0…2).
    public var opticalDensityThreshold: Float = 0.15
    /// Macenko: α, percent of the stained pixels beyond either stain vector (0…25).
    public var anglePercentile: Float = 1
    /// Vahadane: λ, the weight of the concentrations' sum against half the squared error of optical density (0…1).
    public var sparsity: Float = 0.1

    public init() {}

    /// Throws ``EngineError/Code/invalidParameter`` for the first value out of its range.
    public func validate() throws {
        func require(_ value: Float, _ range: ClosedRange<Float>, _ name: String, _ text: String) throws {
            guard range.contains(value) else {
                throw EngineError(.invalidParameter, "value out of range", place: name, remedy: "use \(text)")
            }
        }
        try require(saturatedLowPercent, 0...49, "saturatedLowPercent", "0 to 49")
        try require(saturatedHighPercent, 0...49, "saturatedHighPercent", "0 to 49")
        try require(opticalDensityThreshold, 0...2, "opticalDensityThreshold", "0 to 2")
        try require(anglePercentile, 0...25, "anglePercentile", "0 to 25")
        try require(sparsity, 0...1, "sparsity", "0 to 1")
    }
}
