import CKernels

/// The Swift side of `coarse.c`.
package enum CoarseKernels {
    static func factors(
        _ energy: TransferEnergy, aggregates: [UInt16], count: Int, workers: Workers
    ) -> [[Double]] {
        var couplings = [Double](repeating: 0, count: count * count)
        var moments = [Double](repeating: 0, count: 7 * count)
        nct_coarse_moments(aggregates, energy.packedSource, energy.pixelCount, &moments)
        nct_coarse_grid_couplings(
            aggregates, energy.localWeights, energy.width, energy.height, 2 * Double(energy.localWeight), count,
            &couplings)
        nct_coarse_color_couplings(
            aggregates, energy.neighbors.order, energy.neighbors.weights, energy.pixelCount, NonlocalNeighbors.reach,
            2 * Double(energy.nonlocalWeight), count, &couplings)
        let (links, sums) = (couplings, moments)
        return workers.map(3, grain: 1) { range in
            TransferKernels.filled(4 * count * count) { matrix in
                nct_coarse_assemble(links, sums, count, range.lowerBound, matrix.base)
                nct_coarse_factor(matrix.base, 2 * count)
            }
        }
    }

    /// Solves the coarse system for a sum of residuals (8 doubles an aggregate).
    ///
    /// Returns the coarse vector, and its product with the sums by channel.
    static func solve(
        _ space: CoarseSpace, sums: [Double], workers: Workers
    ) -> (coarse: [Float], products: SIMD3<Double>) {
        var coarse = [Float](repeating: 0, count: 8 * space.count)
        var products = SIMD3<Double>.zero
        let systems = workers.map(3, grain: 1) { range in
            var system = (0..<2 * space.count).map { sums[4 * $0 + range.lowerBound] }
            nct_coarse_solve(space.factors[range.lowerBound], 2 * space.count, &system)
            return system
        }
        for (channel, system) in systems.enumerated() {
            for index in 0..<2 * space.count {
                products[channel] += system[index] * sums[4 * index + channel]
                coarse[4 * index + channel] = Float(system[index])
            }
        }
        return (coarse, products)
    }
}
