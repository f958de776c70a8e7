import CKernels

/// The normal equations of an energy and the iteration of ``LeastSquaresSolver`` on them: r, p and q of the textbook
/// (Hestenes and Stiefel 1952), x in place. Its pointers live as long as the call of ``with(_:workers:_:)``.
struct ConjugateGradients {
    struct Outcome {
        var iterations: Int
        var relativeResidual: Double
    }

    private struct Curve {
        let order: SharedConstPointer<Int32>
        let weights: SharedConstPointer<Float>
        let reach: Int
    }

    private let width: Int
    private let height: Int
    private let localScale: Float
    private let nonlocalScale: Float
    private let packed: SharedConstPointer<Float>
    private let degree: SharedConstPointer<Float>
    private let localWeights: SharedConstPointer<Float>
    private let guidance: SharedConstPointer<Float>
    private var curves: [Curve] = []
    private let workers: Workers

    private var pixels: Int { width * height }

    static func with<Result>(
        _ energy: TransferEnergy, workers: Workers, _ body: (ConjugateGradients) -> Result
    ) -> Result {
        energy.packedSource.withUnsafeBufferPointer { packed in
            energy.degree.withUnsafeBufferPointer { degree in
                energy.localWeights.withUnsafeBufferPointer { weights in
                    energy.guidance.samples.withUnsafeBufferPointer { guidance in
                        let system = ConjugateGradients(
                            width: energy.width, height: energy.height, localScale: 2 * energy.localWeight,
                            nonlocalScale: 2 * energy.nonlocalWeight, packed: SharedConstPointer(packed),
                            degree: SharedConstPointer(degree), localWeights: SharedConstPointer(weights),
                            guidance: SharedConstPointer(guidance), workers: workers)
                        return system.with(energy.neighbors.curves[...], body)
                    }
                }
            }
        }
    }

    private func with<Result>(
        _ rest: ArraySlice<NonlocalNeighbors.Curve>, _ body: (ConjugateGradients) -> Result
    ) -> Result {
        guard let first = rest.first else { return body(self) }
        return TransferKernels.withCurve(first) { order, weights in
            var extended = self
            extended.curves.append(Curve(order: order, weights: weights, reach: first.reach))
            return extended.with(rest.dropFirst(), body)
        }
    }

    func run(from x: SharedPointer<Float>, tolerance: Double, maximumIterations: Int) -> Outcome {
        let count = 8 * pixels
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
        defer { scratch.deallocate() }
        let r = SharedPointer(scratch)
        let p = SharedPointer(scratch + count)
        let q = SharedPointer(scratch + 2 * count)
        p.base.update(repeating: 0, count: count)

        let start = residual(at: SharedConstPointer(UnsafePointer(x.base)), into: r)
        let scale = start.right.sum()
        var products = start.residual
        var beta = SIMD3<Float>.zero
        var iterations = 0
        let relative = { (products: SIMD3<Double>) in scale > 0 ? (products.sum() / scale).squareRoot() : 0 }
        while iterations < maximumIterations, relative(products) > tolerance {
            turn(p, beta: beta, r: r)
            let curvature = applied(SharedConstPointer(UnsafePointer(p.base)), into: q)
            let next = step(ratio(products, curvature), p: p, q: q, x: x, r: r)
            beta = ratio(next, products)
            products = next
            iterations += 1
        }
        return Outcome(iterations: iterations, relativeResidual: relative(products))
    }

    /// r = right side − A x; the squared norms of r and of the right side by channel.
    func residual(
        at x: SharedConstPointer<Float>, into r: SharedPointer<Float>
    ) -> (residual: SIMD3<Double>, right: SIMD3<Double>) {
        _ = applied(x, into: r)
        let parts = workers.map(pixels, grain: TransferKernels.grain) { range in
            var right = SIMD3<Double>.zero
            let i = range.lowerBound
            let residual = channels { residual in
                right = channels {
                    nct_transfer_residual(
                        packed.base + 4 * i, guidance.base + 3 * i, degree.base + i, range.count, r.base + 8 * i,
                        residual, $0)
                }
            }
            return (residual, right)
        }
        return parts.reduce((.zero, .zero)) { ($0.0 + $1.0, $0.1 + $1.1) }
    }

    /// q = A x; x · q by channel.
    private func applied(_ x: SharedConstPointer<Float>, into q: SharedPointer<Float>) -> SIMD3<Double> {
        for (index, curve) in curves.enumerated() {
            workers.forEach(pixels, grain: TransferKernels.grain) { range in
                nct_transfer_color_laplacian(
                    x.base, curve.order.base, curve.weights.base, pixels, range.lowerBound, range.upperBound,
                    curve.reach, nonlocalScale, index > 0 ? 1 : 0, q.base)
            }
        }
        return workers.map(height, grain: TransferKernels.rows(width: width)) { range in
            channels {
                nct_transfer_grid_operator(
                    x.base, packed.base, localWeights.base, width, height, range.lowerBound, range.upperBound,
                    localScale, q.base, $0)
            }
        }.reduce(.zero, +)
    }

    private func step(
        _ alpha: SIMD3<Float>, p: SharedPointer<Float>, q: SharedPointer<Float>, x: SharedPointer<Float>,
        r: SharedPointer<Float>
    ) -> SIMD3<Double> {
        workers.map(pixels, grain: TransferKernels.grain) { range in
            let i = range.lowerBound
            return channels { dots in
                withFactors(alpha) {
                    nct_transfer_step(
                        $0, p.base + 8 * i, q.base + 8 * i, packed.base + 4 * i, degree.base + i, range.count,
                        x.base + 8 * i, r.base + 8 * i, dots)
                }
            }
        }.reduce(.zero, +)
    }

    /// p = inverse(M) r + beta p.
    private func turn(_ p: SharedPointer<Float>, beta: SIMD3<Float>, r: SharedPointer<Float>) {
        workers.forEach(pixels, grain: TransferKernels.grain) { range in
            let i = range.lowerBound
            withFactors(beta) {
                nct_transfer_direction(
                    $0, r.base + 8 * i, packed.base + 4 * i, degree.base + i, range.count, p.base + 8 * i)
            }
        }
    }
}

/// A channel that is solved exactly has nothing left to divide by: it stays where it is.
private func ratio(_ above: SIMD3<Double>, _ below: SIMD3<Double>) -> SIMD3<Float> {
    var result = SIMD3<Float>.zero
    for channel in 0..<3 where below[channel] > 0 { result[channel] = Float(above[channel] / below[channel]) }
    return result
}

/// Three sums that a kernel writes.
private func channels(_ body: (UnsafeMutablePointer<Double>) -> Void) -> SIMD3<Double> {
    var sums = (0.0, 0.0, 0.0)
    return withUnsafeMutableBytes(of: &sums) { bytes in
        let base = bytes.baseAddress!.assumingMemoryBound(to: Double.self)
        body(base)
        return SIMD3(base[0], base[1], base[2])
    }
}

private func withFactors(_ factors: SIMD3<Float>, _ body: (UnsafePointer<Float>) -> Void) {
    withUnsafeBytes(of: factors) { body($0.baseAddress!.assumingMemoryBound(to: Float.self)) }
}
