/// Surfaces of second order over a grid: 1, x, y, x², x·y, y², each but the first with mean 0, x and y from -1 to 1.
struct QuadraticBasis: Sendable {
    static let count = 6
    /// A cell's functions; the last two are 0.
    let values: [SIMD8<Double>]

    init(width: Int, height: Int) {
        var values: [SIMD8<Double>] = []
        values.reserveCapacity(width * height)
        for row in 0..<height {
            let y = (2 * Double(row) + 1) / Double(height) - 1
            for column in 0..<width {
                let x = (2 * Double(column) + 1) / Double(width) - 1
                values.append(SIMD8(0, x, y, x * x, x * y, y * y, 0, 0))
            }
        }
        let mean = values.reduce(SIMD8<Double>.zero, +) / Double(values.count)
        self.values = values.map {
            var value = $0 - mean
            value[0] = 1
            return value
        }
    }

    /// A surface's values on the grid.
    func surface(_ coefficients: QuadraticSurface) -> [SIMD3<Float>] { values.map { coefficients.value(at: $0) } }
}

/// Coefficients of a surface for each channel.
struct QuadraticSurface: Sendable, Equatable {
    var channels: [SIMD8<Double>] = Array(repeating: .zero, count: 3)

    func value(at functions: SIMD8<Double>) -> SIMD3<Float> {
        SIMD3(
            Float((channels[0] * functions).sum()), Float((channels[1] * functions).sum()),
            Float((channels[2] * functions).sum()))
    }

    /// The constant part, which is a capture's own brightness.
    var gain: SIMD3<Float> {
        get { SIMD3(Float(channels[0][0]), Float(channels[1][0]), Float(channels[2][0])) }
        set { for channel in 0..<3 { channels[channel][0] = Double(newValue[channel]) } }
    }

    /// The same without its constant part.
    var shape: QuadraticSurface {
        var result = self
        for channel in 0..<3 { result.channels[channel][0] = 0 }
        return result
    }
}

/// The sums of a weighted least-squares fit of a surface.
struct QuadraticSums: Sendable {
    private var rows = [SIMD8<Double>](repeating: .zero, count: QuadraticBasis.count)
    private var sides = [SIMD8<Double>](repeating: .zero, count: 3)

    @inline(__always)
    mutating func add(_ functions: SIMD8<Double>, _ target: SIMD3<Float>, weight: Double) {
        let weighted = weight * functions
        for row in 0..<QuadraticBasis.count { rows[row] += weighted[row] * functions }
        for channel in 0..<3 { sides[channel] += Double(target[channel]) * weighted }
    }

    /// - Parameter ridge: what is added to the diagonal, a channel; its first elements should be tiny.
    func solved(ridge: [SIMD8<Double>]) -> QuadraticSurface? {
        let count = QuadraticBasis.count
        var result = QuadraticSurface()
        for channel in 0..<3 {
            var matrix: [Double] = []
            for row in 0..<count { for column in 0..<count { matrix.append(rows[row][column]) } }
            for index in 0..<count { matrix[index * (count + 1)] += ridge[channel][index] }
            guard
                let solution = LinearAlgebra.solvePositive(
                    matrix, size: count, rightSides: (0..<count).map { sides[channel][$0] })
            else { return nil }
            for index in 0..<count { result.channels[channel][index] = solution[index] }
        }
        return result
    }
}
