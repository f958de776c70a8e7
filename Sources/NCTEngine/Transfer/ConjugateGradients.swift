import CKernels

/// The normal equations of an energy and the iteration of ``LeastSquaresSolver`` on them: r, p and q of the textbook
/// (Hestenes and Stiefel 1952), x in place. Its pointers live as long as the call of ``with(_:workers:_:)``.
struct ConjugateGradients {
    struct Outcome {
        var iterations: Int
        var relativeResidual: Double
    }

    private let width: Int
    private let height: Int
    private let localScale: Float
    private let nonlocalScale: Float
    private let packed: SharedConstPointer<Float>
    private let degree: SharedConstPointer<Float>
    private let localWeights: SharedConstPointer<Float>
    private let guidance: SharedConstPointer<Float>
    private let space: CoarseSpace
    private let aggregates: SharedConstPointer<UInt16>
    private let order: SharedConstPointer<Int32>
    private let colorWeights: SharedConstPointer<Float>
    private let workers: Workers

    private var pixels: Int { width * height }

    static func with<Result>(
        _ energy: TransferEnergy, _ space: CoarseSpace, workers: Workers, _ body: (ConjugateGradients) -> Result
    ) -> Result {
        energy.packedSource.withUnsafeBufferPointer { packed in
            energy.degree.withUnsafeBufferPointer { degree in
                energy.localWeights.withUnsafeBufferPointer { weights in
                    energy.guidance.samples.withUnsafeBufferPointer { guidance in
                        space.aggregates.withUnsafeBufferPointer { aggregates in
                            energy.neighbors.withPointers { order, colorWeights in
                                body(
                                    ConjugateGradients(
                                        width: energy.width, height: energy.height,
                                        localScale: 2 * energy.localWeight, nonlocalScale: 2 * energy.nonlocalWeight,
                                        packed: SharedConstPointer(packed), degree: SharedConstPointer(degree),
                                        localWeights: SharedConstPointer(weights),
                                        guidance: SharedConstPointer(guidance), space: space,
                                        aggregates: SharedConstPointer(aggregates), order: order,
                                        colorWeights: colorWeights, workers: workers))
                            }
                        }
                    }
                }
            }
        }
    }

    func run(
        from x: SharedPointer<Float>, startEnergy: Double, tolerance: Double, maximumIterations: Int
    ) -> Outcome {
        let count = 8 * pixels
        let scratch = LargeScratch.allocate(3 * count)
        defer { scratch.deallocate() }
        let r = SharedPointer(scratch)
        let p = SharedPointer(scratch + count)
        let q = SharedPointer(scratch + 2 * count)
        p.base.update(repeating: 0, count: count)

        var energy = improveStart(x, energy: startEnergy, r: r)
        let start = residual(at: SharedConstPointer(UnsafePointer(x.base)), into: r)
        let floor = start.right * 1e-12
        var correction = CoarseKernels.solve(space, sums: restricted(r), workers: workers)
        var products = start.residual + correction.products
        var beta = SIMD3<Float>.zero
        var iterations = 0
        while iterations < maximumIterations, products.sum() > tolerance * max(energy, floor) {
            turn(p, beta: beta, r: r, coarse: correction.coarse)
            let curvature = applied(SharedConstPointer(UnsafePointer(p.base)), into: q)
            let alpha = ratio(products, curvature)
            let (diagonal, sums) = step(alpha, p: p, q: q, x: x, r: r)
            for channel in 0..<3 { energy -= Double(alpha[channel]) * products[channel] }
            correction = CoarseKernels.solve(space, sums: sums, workers: workers)
            let next = diagonal + correction.products
            beta = ratio(next, products)
            products = next
            iterations += 1
        }
        return Outcome(
            iterations: iterations, relativeResidual: products.sum() / max(energy, floor, .leastNormalMagnitude))
    }

    /// Corrects x on the coarse space, or replaces it by the coarse space's own optimum if that has less energy.
    ///
    /// Neither can raise the energy: a correction lowers it by its product with the residual. Returns the energy.
    private func improveStart(_ x: SharedPointer<Float>, energy: Double, r: SharedPointer<Float>) -> Double {
        _ = residual(at: SharedConstPointer(UnsafePointer(x.base)), into: r)
        let corrected = CoarseKernels.solve(space, sums: restricted(r), workers: workers)
        // With x = 0 the residual is the right side, and the energy what the guidance has by itself.
        r.base.update(repeating: 0, count: 8 * pixels)
        let zero = negated(r)
        let alone = CoarseKernels.solve(space, sums: restricted(r), workers: workers)
        let energies = (energy - corrected.products.sum(), zero.guidance - alone.products.sum())
        if energies.1 < energies.0 { x.base.update(repeating: 0, count: 8 * pixels) }
        let coarse = energies.1 < energies.0 ? alone.coarse : corrected.coarse
        coarse.withUnsafeBufferPointer { coarse in
            let coarse = SharedConstPointer(coarse)
            workers.forEach(pixels, grain: TransferKernels.grain) { range in
                let i = range.lowerBound
                nct_coarse_prolong(aggregates.base + i, coarse.base, range.count, x.base + 8 * i)
            }
        }
        return min(energies.0, energies.1)
    }

    /// What a residual comes with: squared norms in the inverse of the diagonal preconditioner of r by channel and of
    /// the right side, and the energy of the zero field.
    private struct Norms {
        var residual = SIMD3<Double>.zero
        var right = 0.0
        var guidance = 0.0
    }

    /// r = right side − A x.
    private func residual(at x: SharedConstPointer<Float>, into r: SharedPointer<Float>) -> Norms {
        _ = applied(x, into: r)
        return negated(r)
    }

    /// r = right side − r.
    private func negated(_ r: SharedPointer<Float>) -> Norms {
        workers.map(pixels, grain: TransferKernels.grain) { range in
            var norms = Norms()
            let i = range.lowerBound
            norms.residual = channels {
                nct_transfer_residual(
                    packed.base + 4 * i, guidance.base + 3 * i, degree.base + i, range.count, r.base + 8 * i, $0,
                    &norms.right, &norms.guidance)
            }
            return norms
        }.reduce(into: Norms()) {
            $0.residual += $1.residual
            $0.right += $1.right
            $0.guidance += $1.guidance
        }
    }

    /// The sums of r over the aggregates.
    private func restricted(_ r: SharedPointer<Float>) -> [Double] {
        summed(
            workers.map(pixels, grain: TransferKernels.grain) { restricted(r, $0) })
    }

    private func restricted(_ r: SharedPointer<Float>, _ range: Range<Int>) -> [Float] {
        let i = range.lowerBound
        var sums = [Float](repeating: 0, count: 8 * space.count)
        nct_coarse_restrict(aggregates.base + i, r.base + 8 * i, range.count, &sums)
        return sums
    }

    private func summed(_ parts: [[Float]]) -> [Double] {
        var sums = [Double](repeating: 0, count: 8 * space.count)
        for part in parts {
            for index in sums.indices { sums[index] += Double(part[index]) }
        }
        return sums
    }

    /// q = A x; x · q by channel.
    private func applied(_ x: SharedConstPointer<Float>, into q: SharedPointer<Float>) -> SIMD3<Double> {
        workers.forEach(pixels, grain: TransferKernels.grain) { range in
            nct_transfer_color_laplacian(
                x.base, order.base, colorWeights.base, pixels, range.lowerBound, range.upperBound,
                NonlocalNeighbors.reach, nonlocalScale, q.base)
        }
        return workers.map(height, grain: TransferKernels.rows(width: width)) { range in
            channels {
                nct_transfer_grid_operator(
                    x.base, packed.base, localWeights.base, width, height, range.lowerBound, range.upperBound,
                    localScale, q.base, $0)
            }
        }.reduce(.zero, +)
    }

    /// x += alpha p, r −= alpha q; r · inverse(D) r by channel, and the sums of r over the aggregates.
    private func step(
        _ alpha: SIMD3<Float>, p: SharedPointer<Float>, q: SharedPointer<Float>, x: SharedPointer<Float>,
        r: SharedPointer<Float>
    ) -> (diagonal: SIMD3<Double>, sums: [Double]) {
        let parts = workers.map(pixels, grain: TransferKernels.grain) { range in
            let i = range.lowerBound
            let dots = channels { dots in
                withFactors(alpha) {
                    nct_transfer_step(
                        $0, p.base + 8 * i, q.base + 8 * i, packed.base + 4 * i, degree.base + i, range.count,
                        x.base + 8 * i, r.base + 8 * i, dots)
                }
            }
            return (dots, restricted(r, range))
        }
        return (parts.reduce(.zero) { $0 + $1.0 }, summed(parts.map(\.1)))
    }

    /// p = inverse(M) r + beta p, inverse(M) r being inverse(D) r and the coarse correction.
    private func turn(
        _ p: SharedPointer<Float>, beta: SIMD3<Float>, r: SharedPointer<Float>, coarse: [Float]
    ) {
        coarse.withUnsafeBufferPointer { coarse in
            let coarse = SharedConstPointer(coarse)
            workers.forEach(pixels, grain: TransferKernels.grain) { range in
                let i = range.lowerBound
                withFactors(beta) {
                    nct_transfer_direction(
                        $0, r.base + 8 * i, packed.base + 4 * i, degree.base + i, range.count, p.base + 8 * i)
                }
                nct_coarse_prolong(aggregates.base + i, coarse.base, range.count, p.base + 8 * i)
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
