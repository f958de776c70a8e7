/// Smooth surfaces over a grid: products of cubic B-splines, held smooth by a penalty on the third differences of their
/// coefficients (Eilers and Marx, *Flexible smoothing with B-splines and penalties*, 1996), which leaves surfaces of
/// second order free.
struct SplineSurface: Sendable {
    /// Intervals on the longer side.
    private static let intervals = 10

    private struct Axis: Sendable {
        let count: Int
        /// For each cell the first of the four functions that reach it, and their values.
        let places: [(first: Int, weights: [Double])]

        init(cells: Int, intervals: Int) {
            count = intervals + 3
            places = (0..<cells).map { cell in
                let position = (Double(cell) + 0.5) / Double(cells) * Double(intervals)
                let first = min(intervals - 1, Int(position))
                let t = position - Double(first)
                let s = 1 - t
                return (
                    first,
                    [
                        s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
                        (3 * s * s * s - 6 * s * s + 4) / 6, t * t * t / 6,
                    ]
                )
            }
        }

        /// DᵀD of the third differences.
        var penalty: [Double] {
            var matrix = [Double](repeating: 0, count: count * count)
            let difference = [-1.0, 3, -3, 1]
            for start in 0...count - 4 {
                for i in 0..<4 {
                    for j in 0..<4 { matrix[(start + i) * count + start + j] += difference[i] * difference[j] }
                }
            }
            return matrix
        }
    }

    private let columns: Axis
    private let rows: Axis
    private let penalty: [Double]
    private var size: Int { columns.count * rows.count }

    init(width: Int, height: Int) {
        let longer = max(width, height)
        func intervals(_ cells: Int) -> Int {
            max(4, Int((Double(Self.intervals * cells) / Double(longer)).rounded()))
        }
        columns = Axis(cells: width, intervals: intervals(width))
        rows = Axis(cells: height, intervals: intervals(height))
        let (nx, ny) = (columns.count, rows.count)
        var penalty = [Double](repeating: 0, count: nx * ny * nx * ny)
        let (px, py) = (columns.penalty, rows.penalty)
        for i in 0..<ny {
            for j in 0..<ny {
                for a in 0..<nx {
                    for b in 0..<nx {
                        penalty[(i * nx + a) * nx * ny + j * nx + b] +=
                            (i == j ? px[a * nx + b] : 0) + (a == b ? py[i * ny + j] : 0)
                    }
                }
            }
        }
        self.penalty = penalty
    }

    /// The smooth surface nearest to the targets, each with its weight (0 and more).
    ///
    /// - Parameter smoothness: weight of the penalty against the mean cell's weight.
    /// - Returns: nil if nothing has weight.
    func fit(_ targets: [SIMD3<Float>], weights: [Double], smoothness: Double) -> [SIMD3<Float>]? {
        let total = weights.reduce(0, +)
        guard total > 0 else { return nil }
        let (nx, size) = (columns.count, size)
        let scale = total / Double(size)
        var matrix = penalty.map { $0 * smoothness * scale }
        for index in 0..<size { matrix[index * (size + 1)] += 1e-9 * scale }
        var sides = [Double](repeating: 0, count: 3 * size)
        var (indices, values) = ([Int](repeating: 0, count: 16), [Double](repeating: 0, count: 16))
        for (y, row) in rows.places.enumerated() {
            for (x, column) in columns.places.enumerated() {
                let cell = y * columns.places.count + x
                let weight = weights[cell]
                guard weight > 0 else { continue }
                for i in 0..<4 {
                    for j in 0..<4 {
                        indices[4 * i + j] = (row.first + i) * nx + column.first + j
                        values[4 * i + j] = row.weights[i] * column.weights[j]
                    }
                }
                for i in 0..<16 {
                    let weighted = weight * values[i]
                    for j in 0..<16 { matrix[indices[i] * size + indices[j]] += weighted * values[j] }
                    for channel in 0..<3 {
                        sides[channel * size + indices[i]] += weighted * Double(targets[cell][channel])
                    }
                }
            }
        }
        guard let solution = LinearAlgebra.solvePositive(matrix, size: size, rightSides: sides) else { return nil }
        return surface(solution)
    }

    private func surface(_ coefficients: [Double]) -> [SIMD3<Float>] {
        rows.places.flatMap { row in
            columns.places.map { column in
                var value = SIMD3<Double>.zero
                for i in 0..<4 {
                    for j in 0..<4 {
                        let index = (row.first + i) * columns.count + column.first + j
                        let weight = row.weights[i] * column.weights[j]
                        value +=
                            weight
                            * SIMD3(coefficients[index], coefficients[size + index], coefficients[2 * size + index])
                    }
                }
                return SIMD3<Float>(value)
            }
        }
    }
}
