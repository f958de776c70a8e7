/// Weighted sums over the pixels of one or several maps, a channel: what means and deviations are made of.
package struct ChannelSums: Sendable, Equatable {
    package private(set) var values: [Double]
    package private(set) var squares: [Double]
    /// Sum of the weights.
    package private(set) var weight: Double

    package init(values: [Double], squares: [Double], weight: Double) {
        self.values = values
        self.squares = squares
        self.weight = weight
    }

    /// Nothing yet.
    package init(channels: Int) {
        self.init(
            values: [Double](repeating: 0, count: channels), squares: [Double](repeating: 0, count: channels), weight: 0
        )
    }

    /// Adds sums over other pixels, which count `factor` times.
    package mutating func add(_ other: ChannelSums, factor: Double) {
        for channel in values.indices {
            values[channel] += factor * other.values[channel]
            squares[channel] += factor * other.squares[channel]
        }
        weight += factor * other.weight
    }

    /// Each channel's mean and standard deviation.
    package var statistics: (mean: [Double], deviation: [Double]) {
        let total = max(weight, 1e-30)
        let mean = values.map { $0 / total }
        let deviation = zip(squares, mean).map { square, mean in max(0, square / total - mean * mean).squareRoot() }
        return (mean, deviation)
    }
}
