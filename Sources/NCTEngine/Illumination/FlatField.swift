import Foundation

/// The light of a microscope over its field: how bright each place is against the mean, a channel, in linear light.
///
/// It is smooth and kept on a small grid, so it serves captures of any size that have its proportions. Equal fields
/// give equal bytes: its values are rounded to 1e-5, as its file writes them.
public struct FlatField: Sendable, Equatable {
    /// The grid.
    public let width: Int
    public let height: Int
    /// Light against the mean (1), `height × width × 3`, channels innermost, 0.01…100.
    public let values: [Float]
    /// Pixels of the captures that it was learned from.
    public let captureWidth: Int
    public let captureHeight: Int
    /// How many captures it was learned from.
    public let captures: Int
    /// Share of them that was background, 0…1, on average.
    public let background: Float
    /// Estimated standard error of the values, relative, a channel.
    public let error: [Float]
    /// Standard deviations by which single captures differ from it, as natural logarithms: for each channel those of the
    /// coefficients of x, y, x², x·y and y², x and y from -1 to 1. All 0 where the light stands still, or where too few
    /// captures were seen.
    public let drift: [Float]

    /// Values are within this factor of the mean.
    static let greatestFactor: Float = 100
    private static let digits: Float = 1e5

    /// A light with all that is known of it; its values are rounded.
    ///
    /// Throws ``EngineError/Code/invalidFlatField`` for what no light can be.
    public init(
        width: Int, height: Int, values: [Float], captureWidth: Int, captureHeight: Int, captures: Int,
        background: Float, error: [Float], drift: [Float]
    ) throws {
        func require(_ condition: Bool, _ message: String) throws {
            guard condition else {
                throw EngineError(
                    .invalidFlatField, message, remedy: "make it anew with `nctd profile flat-field`")
            }
        }
        try require((2...256).contains(width) && (2...256).contains(height), "a grid of \(width)×\(height) cells")
        try require(
            values.count == width * height * 3,
            "\(values.count) values where a grid of \(width)×\(height) cells has \(width * height * 3)")
        try require(
            (1...1 << 20).contains(captureWidth) && (1...1 << 20).contains(captureHeight),
            "captures of \(captureWidth)×\(captureHeight) pixels")
        try require(
            LightGrid.size(forWidth: captureWidth, height: captureHeight).map { $0 == (width, height) } ?? false,
            "the grid does not belong to captures of \(captureWidth)×\(captureHeight) pixels")
        try require(captures >= 1, "\(captures) captures")
        let range = 1 / Self.greatestFactor...Self.greatestFactor
        try require(values.allSatisfy(range.contains), "a value out of range (0.01 to 100 of the mean)")
        try require((0...1).contains(background), "a share of background of \(background)")
        try require(error.count == 3 && error.allSatisfy { (0...10).contains($0) }, "errors out of range")
        try require(drift.count == 15 && drift.allSatisfy { (0...10).contains($0) }, "a drift out of range")
        let rounded = values.map { ($0 * Self.digits).rounded() / Self.digits }
        for channel in 0..<3 {
            var sum = 0.0
            for cell in 0..<width * height { sum += Double(rounded[3 * cell + channel]) }
            let mean = sum / Double(width * height)
            try require(abs(mean - 1) < 0.01, "a mean of \(Float(mean)) where it must be 1")
        }
        self.values = rounded
        (self.width, self.height, self.captures) = (width, height, captures)
        (self.captureWidth, self.captureHeight) = (captureWidth, captureHeight)
        self.background = (background * Self.digits).rounded() / Self.digits
        self.error = error.map { ($0 * Self.digits).rounded() / Self.digits }
        self.drift = drift.map { ($0 * Self.digits).rounded() / Self.digits }
    }

    /// From logarithms on a grid.
    init(
        logarithms: [SIMD3<Float>], grid: LightGrid, captures: Int, background: Float, error: [Float], drift: [Float]
    ) throws {
        let lights = logarithms.map { value in
            SIMD3<Double>(exp(Double(value.x)), exp(Double(value.y)), exp(Double(value.z)))
        }
        let mean = lights.reduce(.zero, +) / Double(lights.count)
        try self.init(
            width: grid.width, height: grid.height,
            values: lights.flatMap { light in
                let value = SIMD3<Float>(light / mean)
                return [value.x, value.y, value.z]
            },
            captureWidth: grid.captureWidth, captureHeight: grid.captureHeight, captures: captures,
            background: background, error: error, drift: drift)
    }

    /// Light of the brightest place over that of the darkest, a channel: 1 is even.
    public var ratio: [Float] {
        (0..<3).map { channel in
            var (low, high) = (Float.infinity, -Float.infinity)
            for cell in 0..<width * height {
                low = min(low, values[3 * cell + channel])
                high = max(high, values[3 * cell + channel])
            }
            return high / low
        }
    }

    /// Below this ratio in each channel the light counts as even.
    public static let leastRatio: Float = 1.25
    /// What must be known from one capture alone is believed from this ratio on…
    public static let leastRatioOfOne: Float = 1.5
    /// …and with this share of background.
    public static let leastBackgroundOfOne: Float = 0.25

    /// Whether the light is so uneven, beyond what the estimate may be wrong by, that captures are better corrected.
    /// What is learned from fewer than five captures must be more so, and have seen enough background.
    public var isUneven: Bool {
        let isKnown = captures >= LightRegression.leastForShape
        if !isKnown, background < Self.leastBackgroundOfOne { return false }
        return zip(ratio, error).contains { ratio, error in
            ratio >= (isKnown ? Self.leastRatio : Self.leastRatioOfOne) && log(ratio) >= 6 * error
        }
    }

    /// Whether it can be that of a capture of so many pixels: the proportions must agree to 2 %.
    public func fits(width: Int, height: Int) -> Bool {
        let (own, other) = (
            Double(captureWidth) / Double(captureHeight), Double(max(1, width)) / Double(max(1, height))
        )
        return abs(log(own / other)) < 0.02
    }

    var logarithms: [SIMD3<Float>] {
        (0..<width * height).map { SIMD3(log(values[3 * $0]), log(values[3 * $0 + 1]), log(values[3 * $0 + 2])) }
    }
}
