import NCTEngine
import Testing

@Suite("Guided filter kernels")
struct GuidedKernelsTests {
    @Test(
        "Sums equal their twins exactly, coefficients, means and colors to 2e-6 of the values that they are made of",
        arguments: [(1, 1, 1), (2, 4, 3), (3, 1, 1), (7, 2, 4), (16, 4, 2), (33, 5, 3), (50, 4, 6)])
    func twins(width: Int, radius: Int, scale: Int) {
        var inputs = TwinInputs(seed: 11)
        var columns = inputs.doubles(18 * width)
        for index in columns.indices { columns[index] *= 0 }
        // More rows than a window has, so that the first go again.
        let rows = 2 * radius + 1
        var guides: [[Float]] = []
        var fields: [[Float]] = []
        for row in 0..<rows + 2 {
            guides.append(inputs.numbers(width, in: 0...1))
            fields.append(inputs.vectors(width))
            let added = GuidedKernels.addRow(guide: guides[row], field: fields[row], sign: 1, to: columns)
            #expect(added.fast == added.scalar)
            columns = added.scalar
            guard row >= rows else { continue }
            let removed = GuidedKernels.addRow(
                guide: guides[row - rows], field: fields[row - rows], sign: -1, to: columns)
            #expect(removed.fast == removed.scalar)
            columns = removed.scalar
        }
        let coefficients = GuidedKernels.coefficients(of: columns, rows: rows, radius: radius, epsilon: 1e-4)
        #expect(agree(coefficients, within: 2e-6))
        #expect(coefficients.scalar.contains { abs($0) > 0.01 })

        var sums = [Double](repeating: 0, count: 16 * width)
        for sign in [1.0, 1, -1, 1] {
            let added = GuidedKernels.addCoefficients(inputs.numbers(16 * width), sign: sign, to: sums)
            #expect(added.fast == added.scalar)
            sums = added.scalar
        }
        #expect(agree(GuidedKernels.average(of: sums, rows: 2, radius: radius), within: 2e-6))

        for full in [scale * width, scale * width + scale - 1] {
            // Gains and offsets up to 2; offsets count a hundredfold in Lab.
            let colors = GuidedKernels.apply(
                upper: inputs.numbers(16 * width), lower: inputs.numbers(16 * width), fraction: 0.3, scale: scale,
                luminance: inputs.numbers(full, in: 0...1), to: inputs.lab(full))
            #expect(agree(colors, within: 2e-6, floor: 400))
        }
    }

    @Test("A guide without contrast has no slope")
    func flat() {
        let width = 9
        var inputs = TwinInputs(seed: 12)
        let sums = GuidedKernels.addRow(
            guide: [Float](repeating: 0.7, count: width), field: inputs.vectors(width), sign: 1,
            to: [Double](repeating: 0, count: 18 * width))
        let coefficients = GuidedKernels.coefficients(of: sums.fast, rows: 1, radius: 2, epsilon: 1e-4)
        #expect(agree(coefficients, within: 2e-6))
        for x in 0..<width { #expect(coefficients.fast[16 * x..<16 * x + 8].allSatisfy { abs($0) < 1e-9 }) }
    }
}
