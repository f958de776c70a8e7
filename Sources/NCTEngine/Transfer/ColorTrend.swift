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

    /// The pixels that the fit looks at in an image of this size.
    package static func sample(width: Int, pixelCount: Int, mask: DataMask? = nil) -> [Int] {
        PixelSample.indices(width: width, pixelCount: pixelCount, limit: sampleLimit).filter { mask.isData($0) }
    }

    /// Fits the trend to the given pixels. Deterministic, for any number of threads; a few milliseconds whatever the size.
    ///
    /// - Precondition: the images are of one size and not empty.
    package init(from source: LabImage, to result: LabImage, at pixels: [Int], workers: Workers) {
        let rarity = Self.rarity(of: source, at: pixels)
        let bases = pixels.map { Self.basis(source[$0]) }
        let targets = pixels.map { SIMD3<Double>(result[$0]) }
        var trend: [Basis]?
        for _ in 0..<Self.rounds {
            let before = trend
            let sums = workers.map(pixels.count, grain: 4096) { range in
                range.reduce(into: Sums()) { sums, index in
                    var weight = rarity[index]
                    if let before {
                        var squares = 0.0
                        for channel in 0..<3 {
                            let residual = (before[channel] * bases[index]).sum() - targets[index][channel]
                            squares += residual * residual
                        }
                        weight /= 1 + squares / (Self.tolerance * Self.tolerance)
                    }
                    sums.add(bases[index], targets[index], weight: weight)
                }
            }
            trend = sums.reduce(into: Sums()) { $0.add($1) }.solution()
        }
        coefficients = (trend ?? []).flatMap { terms in (0..<10).map { Float(terms[$0]) } }
    }

    /// What a pixel counts: one over the root of how many show its color.
    private static func rarity(of source: LabImage, at pixels: [Int]) -> [Double] {
        let side = Int(256 / cell) + 1
        let cells = pixels.map { pixel in
            let place = (source[pixel] + SIMD3(0, 128, 128)) / cell
            func along(_ axis: Int) -> Int { min(side - 1, max(0, Int(place[axis]))) }
            return (along(0) * side + along(1)) * side + along(2)
        }
        var counts = [Int](repeating: 0, count: side * side * side)
        for cell in cells { counts[cell] += 1 }
        return cells.map { 1 / Double(counts[$0]).squareRoot() }
    }

    /// The ten terms, and six zeros.
    private typealias Basis = SIMD16<Double>

    /// The normal equations.
    private struct Sums {
        var matrix = [Basis](repeating: .zero, count: 10)
        var right = [Basis](repeating: .zero, count: 3)

        mutating func add(_ basis: Basis, _ target: SIMD3<Double>, weight: Double) {
            let scaled = weight * basis
            for row in 0..<10 { matrix[row] += scaled * basis[row] }
            for channel in 0..<3 { right[channel] += scaled * target[channel] }
        }

        mutating func add(_ other: Sums) {
            for row in 0..<10 { matrix[row] += other.matrix[row] }
            for channel in 0..<3 { right[channel] += other.right[channel] }
        }

        /// Least squares through the eigenvectors, so that directions in which a field of few colors does not vary stay
        /// out of it.
        func solution() -> [Basis] {
            let square = matrix.flatMap { row in (0..<10).map { row[$0] } }
            let (values, vectors) = LinearAlgebra.symmetricEigen(square, size: 10)
            let least = 1e-9 * max(values.max() ?? 0, 1e-12)
            return right.map { right in
                var solution = Basis.zero
                for (value, vector) in zip(values, vectors) where value > least {
                    let share = vector.indices.reduce(0) { $0 + vector[$1] * right[$1] } / value
                    for term in 0..<10 { solution[term] += share * vector[term] }
                }
                return solution
            }
        }
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

    private static func basis(_ color: SIMD3<Float>) -> Basis {
        let c = SIMD3<Double>(color) / 50
        return Basis(
            1, c.x, c.y, c.z, c.x * c.x, c.y * c.y, c.z * c.z, c.x * c.y, c.x * c.z, c.y * c.z, 0, 0, 0, 0, 0, 0)
    }
}
