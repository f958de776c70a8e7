import NCTEngine
import Testing

@Suite("Coarse space kernels")
struct CoarseKernelsTests {
    @Test(
        "Couplings and moments equal their twins to 1e-12, the sums of residuals to 1e-5, what is added exactly",
        arguments: [(1, 1, 1), (3, 1, 2), (1, 5, 3), (7, 5, 4), (16, 9, 11), (31, 23, 16)])
    func sums(width: Int, height: Int, count: Int) {
        var inputs = TwinInputs(seed: 21)
        let pixels = width * height
        let aggregates = inputs.labels(pixels, below: UInt16(count))
        let before = inputs.doubles(count * count)
        let grid = CoarseKernels.gridCouplings(
            aggregates, weights: inputs.numbers(2 * pixels, in: 0...9), width: width, scale: 0.3, onto: before,
            count: count)
        #expect(agree(grid, within: 1e-12))
        for reach in [1, 3, 4] {
            let color = CoarseKernels.colorCouplings(
                aggregates, order: inputs.order(pixels), weights: inputs.numbers(reach * pixels, in: 0...0.3),
                reach: reach, scale: 0.8, onto: before, count: count)
            #expect(agree(color, within: 1e-12))
            #expect(pixels == 1 || color.fast != before)
        }
        let moments = CoarseKernels.moments(aggregates, packed: inputs.numbers(4 * pixels, in: 0...1), count: count)
        #expect(agree(moments, within: 1e-12))
        for channel in 0..<3 {
            let matrix = CoarseKernels.assemble(couplings: before, moments: moments.fast, channel: channel)
            #expect(agree(matrix, within: 1e-12))
        }
        let r = inputs.vectors(pixels)
        #expect(agree(CoarseKernels.restrict(aggregates, r, onto: inputs.vectors(count)), within: 1e-5))
        let prolonged = CoarseKernels.prolong(aggregates, inputs.vectors(count), onto: r)
        #expect(prolonged.fast == prolonged.scalar)
    }

    @Test(
        "The factor times its transpose is the matrix to 1e-14 of its norm a row, the matrix times the solution the right side",
        arguments: [1, 2, 3, 4, 5, 8, 9, 13, 31, 64, 101])
    func factor(size: Int) {
        var inputs = TwinInputs(seed: 22)
        // A random square, made definite.
        let root = inputs.doubles(size * size)
        var matrix = [Double](repeating: 0, count: size * size)
        for row in 0..<size {
            for column in 0..<size {
                for k in 0..<size { matrix[row * size + column] += root[row * size + k] * root[column * size + k] }
            }
            matrix[row * size + row] += 0.5
        }
        let right = inputs.doubles(size)
        let (factored, solution) = CoarseKernels.factorAndSolve(matrix, right: right)
        let norm = (0..<size).map { row in (0..<size).reduce(0) { $0 + abs(matrix[row * size + $1]) } }.max()!
        let length = solution.map(abs).max()!
        for row in 0..<size {
            for column in 0...row {
                let product = (0...column).reduce(0) {
                    $0 + factored[row * size + $1] * factored[column * size + $1]
                }
                #expect(abs(product - matrix[row * size + column]) <= 1e-14 * norm)
            }
            #expect(factored[row * size + row] > 0)
            for column in row + 1..<max(size, row + 1) {
                #expect(factored[row * size + column] == matrix[row * size + column])
            }
            let left = (0..<size).reduce(0) { $0 + matrix[row * size + $1] * solution[$1] }
            #expect(abs(left - right[row]) <= 1e-13 * norm * length)
        }
    }
}
