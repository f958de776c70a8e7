import NCTEngine
import Testing

@Suite("Transfer kernels")
struct TransferKernelsTests {
    static let sizes = [(1, 1), (2, 1), (1, 3), (5, 4), (16, 3), (63, 2), (65, 7), (131, 5)]

    /// A grid of random pixels; a fifth have no confidence, a fifth no degree.
    private func grid(_ width: Int, _ height: Int, _ inputs: inout TwinInputs) -> TransferKernels.Grid {
        let pixels = width * height
        var packed = inputs.numbers(4 * pixels, in: 0...1)
        var degree = inputs.numbers(pixels, in: 0.01...30)
        for pixel in 0..<pixels {
            if pixel % 5 == 2 { packed[4 * pixel + 3] = 0 }
            if pixel % 5 == 4 { degree[pixel] = 0 }
        }
        return TransferKernels.Grid(
            width: width, height: height, packed: packed, guidance: inputs.lab(pixels),
            weights: inputs.numbers(2 * pixels, in: 0...20), degree: degree, rows: 0..<height)
    }

    private func outcomesAgree(
        _ pair: (fast: TransferKernels.Outcome, scalar: TransferKernels.Outcome), values: Float, sums: Double,
        floor: Double = 1
    ) -> Bool {
        agree((pair.fast.values, pair.scalar.values), within: values)
            && agree((pair.fast.sums, pair.scalar.sums), within: sums, floor: floor)
    }

    @Test("The start equals its twin to 2e-4, what is packed and recolored to 1e-6", arguments: sizes)
    func pixels(width: Int, height: Int) {
        var inputs = TwinInputs(seed: 31)
        let pixels = width * height
        let lab = inputs.lab(pixels)
        let start = TransferKernels.initialField(
            source: lab, guidance: inputs.lab(pixels), width: width, height: height, epsilon: 0.002,
            gainRange: 0.25...4)
        #expect(agree(start, within: 2e-4))
        // A flat source, and a guidance that is nearly so.
        let flat = TransferKernels.initialField(
            source: [Float](repeating: 80, count: 3 * pixels), guidance: inputs.numbers(3 * pixels, in: 60...60.5),
            width: width, height: height, epsilon: 0.002, gainRange: 0.25...4)
        #expect(agree(flat, within: 2e-4))
        let packed = TransferKernels.pack(lab: lab, confidence: inputs.numbers(pixels, in: 0...1))
        #expect(agree(packed, within: 1e-6))
        #expect(agree(TransferKernels.apply(inputs.vectors(pixels), to: lab), within: 1e-6, floor: 200))
    }

    @Test("Weights and degrees equal their twins to 1e-5", arguments: sizes)
    func weights(width: Int, height: Int) {
        var inputs = TwinInputs(seed: 32)
        let pixels = width * height
        var luminance = inputs.numbers(pixels, in: 0...1)
        if pixels > 1 { luminance[1] = luminance[0] }
        let weights = TransferKernels.localWeights(luminance: luminance, width: width, height: height)
        #expect(agree(weights, within: 1e-5))
        var grid = grid(width, height, &inputs)
        for rows in [0..<height, height / 2..<height] {
            grid.rows = rows
            let degree = TransferKernels.localDegree(grid, scale: 0.4, onto: grid.degree)
            #expect(agree(degree, within: 1e-5))
        }
    }

    @Test(
        "On the color graph degrees, Laplacian and energy equal their twins to 1e-5, whole and in pieces",
        arguments: [1, 2, 3, 4, 5, 9, 64, 257], [1, 2, 3, 4])
    func colorGraph(count: Int, reach: Int) {
        var inputs = TwinInputs(seed: 33)
        let weights = inputs.numbers(count * reach, in: 0...0.3).enumerated().map { index, weight in
            index / reach + index % reach + 1 < count ? weight : 0
        }
        var order = TransferKernels.Order(
            order: inputs.order(count), weights: weights, reach: reach, places: 0..<count)
        let x = inputs.vectors(count)
        let degree = inputs.numbers(count, in: 0...1)
        for places in [0..<count, 0..<count / 2, count / 3..<count, count / 3..<max(count / 3, count - 1)] {
            order.places = places
            #expect(agree(TransferKernels.colorDegree(order, scale: 0.8, onto: degree), within: 1e-5))
            let laplacian = TransferKernels.colorLaplacian(order, of: x, scale: 0.8)
            #expect(agree(laplacian, within: 1e-5))
            let energy = TransferKernels.colorEnergy(order, of: x)
            #expect(agree(([energy.fast], [energy.scalar]), within: 1e-6))
        }
    }

    @Test("On the grid operator and energy equal their twins to 1e-5, whole and in pieces", arguments: sizes)
    func gridOperator(width: Int, height: Int) {
        var inputs = TwinInputs(seed: 34)
        var grid = grid(width, height, &inputs)
        let (x, y) = (inputs.vectors(width * height), inputs.vectors(width * height))
        for rows in [0..<height, 0..<height / 2, height / 3..<height] {
            grid.rows = rows
            // Up to 9 neighbors' weights of 20 go into a value, and a row of such values into a sum.
            let product = TransferKernels.gridOperator(grid, of: x, scale: 0.4, onto: y)
            #expect(outcomesAgree(product, values: 1e-5, sums: 1e-5, floor: Double(width * height)))
            let zeros = product.fast.values.enumerated().filter { $0.offset % 4 == 3 }
            #expect(zeros.allSatisfy { $0.element == 0 })
            #expect(agree(TransferKernels.gridEnergy(grid, of: x), within: 1e-6))
        }
    }

    /// The error that rounding a residual leaves in inverse(D) r is as many times greater as the degree is smaller.
    @Test("Residuals, steps and directions equal their twins to 1e-5 of the residual over the degree", arguments: sizes)
    func iteration(width: Int, height: Int) {
        var inputs = TwinInputs(seed: 35)
        let grid = grid(width, height, &inputs)
        let pixels = width * height
        let r = inputs.vectors(pixels)
        // What all pixels' products may add up to.
        let scale = (0..<pixels).reduce(0.0) { sum, pixel in
            let size = r[8 * pixel..<8 * pixel + 8].reduce(0) { $0 + abs($1) } + 2
            return sum + Double(size * size / floor(grid, pixel))
        }
        let residual = TransferKernels.residual(grid, of: r)
        #expect(outcomesAgree(residual, values: 1e-6, sums: 1e-5, floor: scale))
        #expect(agree(([residual.fast.sums[4]], [residual.scalar.sums[4]]), within: 1e-6))
        let step = TransferKernels.step(
            grid, alpha: [0.3, -0.2, 0.7], p: inputs.vectors(pixels), q: inputs.vectors(pixels),
            x: inputs.vectors(pixels), r: r)
        #expect(outcomesAgree(step, values: 1e-6, sums: 1e-5, floor: scale))
        let direction = TransferKernels.direction(grid, beta: [0.5, 0, 1.5], r: r, p: inputs.vectors(pixels))
        for pixel in 0..<pixels {
            let own = 8 * pixel..<8 * pixel + 8
            let size = r[own].reduce(0) { $0 + abs($1) } / floor(grid, pixel) + 3
            #expect(
                agree(
                    (Array(direction.fast[own]), Array(direction.scalar[own])), within: 1e-5, floor: size))
        }
    }

    /// The least degree that the kernels divide by.
    private func floor(_ grid: TransferKernels.Grid, _ pixel: Int) -> Float {
        max(grid.degree[pixel], 1e-3 * grid.packed[4 * pixel + 3], 1e-8)
    }
}
