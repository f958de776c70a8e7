import Foundation

/// Learns the light of a microscope from its captures, one after the other: the cells move, the light stays. Copies of a
/// capture are one: in them the cells do not move, and would be taken for light.
///
/// Holds at most ``capacity`` small grids, drawn so that each capture has the same chance, however many come.
public struct FlatFieldEstimator: Sendable {
    /// Captures that are kept, 3 to 4 MB of memory in all.
    public static let capacity = 100
    /// Captures from which on the light is learned well enough to be used by itself.
    public static let enough = 20
    /// Captures from which on the error is measured, by halves of them.
    private static let leastForError = 10
    /// A grid in which so little was background has nothing to go by, such as pictures of no smears.
    private static let leastBackground: Float = 0.04
    /// Light that drifts by less than this (root mean square over the field, as a logarithm) stands still.
    private static let leastDrift = 0.012

    private var grids: [LightGrid] = []
    /// Captures that were taken in, copies once.
    public private(set) var count = 0
    private var generator = SeededGenerator(seed: 1)

    /// One that has seen nothing.
    public init() {}

    /// Takes a capture in; false where it does not have the first one's proportions.
    public mutating func add(_ grid: LightGrid) -> Bool {
        if let first = grids.first, (first.width, first.height) != (grid.width, grid.height) { return false }
        if grids.contains(grid) { return true }
        count += 1
        if grids.count < Self.capacity {
            grids.append(grid)
        } else {
            let place = Int.random(in: 0..<count, using: &generator)
            if place < Self.capacity { grids[place] = grid }
        }
        return true
    }

    /// The light as far as it is known; nil before the first capture and where no background is found.
    ///
    /// Cost: about 10 ms a capture that is kept.
    public func estimate(workers: Workers) -> FlatField? {
        guard !grids.isEmpty, let regression = LightRegression(grids, workers: workers) else { return nil }
        let background = regression.backgroundShares.reduce(0, +) / Float(grids.count)
        guard background >= Self.leastBackground else { return nil }
        return try? FlatField(
            logarithms: regression.shared, grid: grids[0], captures: grids.count, background: background,
            error: error(workers: workers), drift: Self.drift(regression))
    }

    /// The light of one capture alone, a surface of second order.
    public static func estimate(of grid: LightGrid, workers: Workers) -> FlatField? {
        var estimator = FlatFieldEstimator()
        _ = estimator.add(grid)
        return estimator.estimate(workers: workers)
    }

    /// Half the difference of what every other capture says and what the rest say; where there are too few, what
    /// phantoms and real smears showed.
    private func error(workers: Workers) -> [Float] {
        guard grids.count >= Self.leastForError,
            let even = LightRegression(grids.indices.filter { $0 % 2 == 0 }.map { grids[$0] }, workers: workers),
            let odd = LightRegression(grids.indices.filter { $0 % 2 == 1 }.map { grids[$0] }, workers: workers)
        else { return Array(repeating: 0.025 / Float(max(1, grids.count)).squareRoot(), count: 3) }
        var squares = SIMD3<Double>.zero
        for (a, b) in zip(even.shared, odd.shared) {
            let difference = SIMD3<Double>(a - b)
            squares += difference * difference
        }
        let variance = squares / Double(even.shared.count)
        return (0..<3).map { Float(variance[$0].squareRoot() / 2) }
    }

    /// Standard deviations of the captures' drift; all 0 where the light stands still.
    private static func drift(_ regression: LightRegression) -> [Float] {
        let (count, functions) = (Double(regression.own.count), QuadraticBasis.count)
        guard regression.own.count >= LightRegression.leastForShape else { return Array(repeating: 0, count: 15) }
        let cells = Double(regression.basis.values.count)
        let power = regression.basis.values.reduce(SIMD8<Double>.zero) { $0 + $1 * $1 } / cells
        var result: [Float] = []
        var greatest = 0.0
        for channel in 0..<3 {
            let squares =
                regression.own.reduce(SIMD8<Double>.zero) {
                    $0 + $1.channels[channel] * $1.channels[channel]
                } / count
            var whole = 0.0
            for index in 1..<functions {
                whole += squares[index] * power[index]
                result.append(Float(squares[index].squareRoot()))
            }
            greatest = max(greatest, whole.squareRoot())
        }
        return greatest < leastDrift ? Array(repeating: 0, count: 15) : result
    }
}

extension FlatField {
    /// The light as a picture of an empty field shows it, dust and specks left out; nil for one that is too small or
    /// dark, or not sound (``RGBImage/isSound``).
    public init?(blank image: RGBImage, workers: Workers) {
        guard let grid = LightGrid(image, workers: workers) else { return nil }
        let spline = SplineSurface(width: grid.width, height: grid.height)
        var surface = grid.logarithms
        var weights = [Double](repeating: 1, count: surface.count)
        for window: Float in [0.3, 0.1, 0.05, 0.05] {
            guard let next = spline.fit(grid.logarithms, weights: weights, smoothness: 1e-3) else { return nil }
            surface = next
            weights = zip(grid.logarithms, surface).map { value, smooth in
                let rest = value - smooth
                return Double(exp(-(rest * rest).sum() / (2 * window * window)))
            }
        }
        let background = Float(weights.reduce(0, +) / Double(weights.count))
        do {
            // One picture, but all of it background: what counts as known.
            try self.init(
                logarithms: surface, grid: grid, captures: LightRegression.leastForShape, background: background,
                error: Array(repeating: 0.005, count: 3), drift: Array(repeating: 0, count: 15))
        } catch {
            return nil
        }
    }
}
