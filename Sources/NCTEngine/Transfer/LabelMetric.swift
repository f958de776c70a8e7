/// How far labels are from each other in what they do to the colors that are there, as whole numbers that are a metric: no
/// way through a third label is shorter, without which expansion moves would not find the least energy.
package struct LabelMetric: Sendable {
    /// The largest distance, in steps.
    static let steps = 1023

    /// `count × count`.
    package let distances: [Int32]
    package let count: Int
    /// Length of a step, in Lab / 100.
    package let unit: Double
    /// The mean distance of a label to the one nearest to it, in Lab / 100: the step in which transforms change.
    package let spacing: Double

    /// - Parameter colors: sums over the pixels of each cluster; all clusters count the same, so that nuclei are heard
    ///   beside the background.
    init(_ labels: [TransferLabel], colors: [LabelBlocks.Moments]) {
        var mean = SIMD3<Double>.zero
        var square = SIMD3<Double>.zero
        for color in colors {
            mean += color.source / color.weight / Double(colors.count)
            square += color.sourceSquared / color.weight / Double(colors.count)
        }
        let exact = labels.map { one in
            labels.map { other in
                let (a, b) = (one.gain - other.gain, one.offset - other.offset)
                return max(0, (a * a * square + 2 * a * b * mean + b * b).sum()).squareRoot()
            }
        }
        count = labels.count
        let longest = exact.joined().max() ?? 0
        unit = longest > 0 ? longest / Double(Self.steps) : 1
        let nearest = exact.enumerated().compactMap { index, row in
            row.enumerated().filter { $0.offset != index }.map(\.element).min()
        }
        spacing = nearest.isEmpty ? 0 : nearest.reduce(0, +) / Double(nearest.count)
        distances = Self.shortest(exact, unit: unit)
    }

    /// A metric from numbers: ways through others, where rounding made them shorter.
    private static func shortest(_ exact: [[Double]], unit: Double) -> [Int32] {
        let count = exact.count
        var distances = exact.flatMap { $0.map { Int32(min(Double(steps), ($0 / unit).rounded(.up))) } }
        for index in 0..<count { distances[index * count + index] = 0 }
        for through in 0..<count {
            for from in 0..<count {
                for to in 0..<count {
                    let way = distances[from * count + through] + distances[through * count + to]
                    if way < distances[from * count + to] { distances[from * count + to] = way }
                }
            }
        }
        return distances
    }
}
