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
    /// The symmetric matrix as far as it is used: columns 0… of rows 0 and 1, 2… of rows 2 and 3, 4… of rows 4 and 5.
    private var upper = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    private var middle = (SIMD4<Double>.zero, SIMD4<Double>.zero)
    private var lower = (SIMD2<Double>.zero, SIMD2<Double>.zero)
    /// By channel.
    private var sides = (SIMD8<Double>.zero, SIMD8<Double>.zero, SIMD8<Double>.zero)

    @inline(__always)
    mutating func add(_ functions: SIMD8<Double>, _ target: SIMD3<Float>, weight: Double) {
        let weighted = weight * functions
        let fromTwo = SIMD4(lowHalf: functions.lowHalf.highHalf, highHalf: functions.highHalf.lowHalf)
        upper.0 += weighted[0] * functions
        upper.1 += weighted[1] * functions
        middle.0 += weighted[2] * fromTwo
        middle.1 += weighted[3] * fromTwo
        lower.0 += weighted[4] * fromTwo.highHalf
        lower.1 += weighted[5] * fromTwo.highHalf
        sides.0 += Double(target.x) * weighted
        sides.1 += Double(target.y) * weighted
        sides.2 += Double(target.z) * weighted
    }

    /// Row by row; nothing reads what is below the diagonal.
    private var matrix: [Double] {
        let count = QuadraticBasis.count
        func row(_ values: some SIMD<Double>, from first: Int) -> [Double] {
            [Double](repeating: 0, count: first) + (0..<count - first).map { values[$0] }
        }
        return row(upper.0, from: 0) + row(upper.1, from: 0) + row(middle.0, from: 2) + row(middle.1, from: 2)
            + row(lower.0, from: 4) + row(lower.1, from: 4)
    }

    /// - Parameter ridge: what is added to the diagonal, a channel; its first elements should be tiny.
    func solved(ridge: [SIMD8<Double>]) -> QuadraticSurface? {
        let count = QuadraticBasis.count
        var result = QuadraticSurface()
        let (sums, sides) = (matrix, [sides.0, sides.1, sides.2])
        for channel in 0..<3 {
            var matrix = sums
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
