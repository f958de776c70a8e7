/// The whole field's change of color as one smooth function of color: a quadratic polynomial in CIELAB.
///
/// Local transfer follows every match, right or wrong, and a match says little about the texture inside a nucleus or
/// about cytoplasm that no reference shows. What all matches of a field agree on is surer: one stain, one light and one
/// camera give like colors like changes wherever they stand, which is what the nonlocal term of Eq. 4 asks for within a
/// cluster. The result is moved a share of the way to this trend (ours; share 0 is the paper's method).
///
/// Fitted from source to result by iteratively reweighted least squares (Cauchy weights), each color counting with the
/// square root of the pixels that show it, so that nuclei are heard beside the background.
package struct ColorTrend: Sendable, Equatable {
    /// 10 for each of L*, a*, b*: of 1, L, a, b, LL, aa, bb, La, Lb, ab, the coordinates in units of 50.
    package let coefficients: [Float]

    /// The trend that changes nothing.
    package static let identity = ColorTrend(coefficients: [
        0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 0, 0, 0, 0, 0, 0,
    ])

    package init(coefficients: [Float]) {
        precondition(coefficients.count == 30, "a trend has 30 coefficients")
        self.coefficients = coefficients
    }

    /// Pixels that the fit looks at, at most.
    private static let sampleLimit = 32768
    /// Width of a cell of the color histogram, in units of CIELAB.
    private static let cell: Float = 6
    /// A residual of so many units of CIELAB halves a pixel's weight.
    private static let tolerance = 4.0
    private static let rounds = 3

    /// Fits the trend. Deterministic; a few milliseconds whatever the size.
    ///
    /// - Precondition: the images are of one size and not empty.
    package init(from source: LabImage, to result: LabImage) {
        precondition(source.width == result.width && source.height == result.height && source.pixelCount > 0)
        self.init(
            from: source, to: result, at: Self.sample(width: source.width, pixelCount: source.pixelCount))
    }

    /// The pixels that the fit looks at in an image of this size.
    package static func sample(width: Int, pixelCount: Int) -> [Int] {
        PixelSample.indices(width: width, pixelCount: pixelCount, limit: sampleLimit)
    }

    /// Fits the trend to the given pixels.
    package init(from source: LabImage, to result: LabImage, at pixels: [Int]) {
        var counts: [SIMD3<Int32>: Int] = [:]
        let cells = pixels.map { pixel in
            SIMD3<Int32>(
                Int32((source.samples[3 * pixel] / Self.cell).rounded(.down)),
                Int32((source.samples[3 * pixel + 1] / Self.cell).rounded(.down)),
                Int32((source.samples[3 * pixel + 2] / Self.cell).rounded(.down)))
        }
        for cell in cells { counts[cell, default: 0] += 1 }
        let rarity = cells.map { 1 / Double(counts[$0] ?? 1).squareRoot() }
        let bases = pixels.map { Self.basis(source.samples, $0) }
        var weights = rarity
        var solution = [[Double]](repeating: [Double](repeating: 0, count: 10), count: 3)
        for _ in 0..<Self.rounds {
            var matrix = [Double](repeating: 0, count: 100)
            var right = [[Double]](repeating: [Double](repeating: 0, count: 10), count: 3)
            for (index, pixel) in pixels.enumerated() {
                let (basis, weight) = (bases[index], weights[index])
                for row in 0..<10 {
                    let scaled = weight * basis[row]
                    for column in 0...row { matrix[10 * row + column] += scaled * basis[column] }
                    for channel in 0..<3 { right[channel][row] += scaled * Double(result.samples[3 * pixel + channel]) }
                }
            }
            for row in 0..<10 { for column in 0..<row { matrix[10 * column + row] = matrix[10 * row + column] } }
            solution = Self.solve(matrix, right)
            for (index, pixel) in pixels.enumerated() {
                var squares = 0.0
                for channel in 0..<3 {
                    var value = 0.0
                    for term in 0..<10 { value += solution[channel][term] * bases[index][term] }
                    let residual = value - Double(result.samples[3 * pixel + channel])
                    squares += residual * residual
                }
                weights[index] = rarity[index] / (1 + squares / (Self.tolerance * Self.tolerance))
            }
        }
        coefficients = solution.flatMap { $0.map { Float($0) } }
    }

    /// Moves the result the share (0…1) of the way to the trend, and farther where it lies far from it: of the distance
    /// d, (1 - share) / (1 + (d / tolerance)²) is left.
    ///
    /// - Parameter tolerance: in ΔE*ab, greater than 0; infinite: the share alone.
    package func blend(
        into result: inout LabImage, from source: LabImage, share: Float, tolerance: Float = .infinity,
        workers: Workers = Workers(threads: 1)
    ) {
        ColorKernels.blendQuadratic(
            of: source.samples, coefficients: coefficients, share: share, tolerance: tolerance, into: &result.samples,
            workers: workers)
    }

    /// Brings a result to a trend by a setting's share and tolerance, then back to its source where the transfer is to be
    /// weak.
    ///
    /// - Parameters:
    ///   - trend: nil for a setting without.
    ///   - strength: how much of the transfer is to be left, 0…1.
    static func finish(
        _ result: inout LabImage, from source: LabImage, trend: ColorTrend?, strength: Float,
        parameters: NormalizationParameters, workers: Workers
    ) {
        trend?.blend(
            into: &result, from: source, share: parameters.trendShare,
            tolerance: parameters.trendTolerance > 0 ? parameters.trendTolerance : .infinity, workers: workers)
        if strength < 1 { identity.blend(into: &result, from: source, share: 1 - strength, workers: workers) }
    }

    private static func basis(_ samples: [Float], _ pixel: Int) -> [Double] {
        let l = Double(samples[3 * pixel]) / 50, a = Double(samples[3 * pixel + 1]) / 50
        let b = Double(samples[3 * pixel + 2]) / 50
        return [1, l, a, b, l * l, a * a, b * b, l * a, l * b, a * b]
    }

    /// Least squares through the eigenvectors, so that directions in which a field of few colors does not vary stay
    /// out of it.
    private static func solve(_ matrix: [Double], _ right: [[Double]]) -> [[Double]] {
        let (values, vectors) = LinearAlgebra.symmetricEigen(matrix, size: 10)
        let least = 1e-9 * max(values.max() ?? 0, 1e-12)
        return right.map { right in
            var solution = [Double](repeating: 0, count: 10)
            for (value, vector) in zip(values, vectors) where value > least {
                let share = zip(vector, right).reduce(0) { $0 + $1.0 * $1.1 } / value
                for term in 0..<10 { solution[term] += share * vector[term] }
            }
            return solution
        }
    }
}
