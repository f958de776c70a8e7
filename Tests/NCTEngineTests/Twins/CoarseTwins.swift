import CKernelTwins
import CKernels
import NCTEngine

// The twins of `coarse.c`: by the fast kernel and by its twin.
extension CoarseKernels {
    static func gridCouplings(
        _ aggregates: [UInt16], weights: [Float], width: Int, scale: Double, onto couplings: [Double], count: Int
    ) -> (fast: [Double], scalar: [Double]) {
        both(from: couplings) {
            ($0 ? nct_coarse_grid_couplings_scalar : nct_coarse_grid_couplings)(
                aggregates, weights, width, aggregates.count / width, scale, count, &$1)
        }
    }

    static func colorCouplings(
        _ aggregates: [UInt16], order: [Int32], weights: [Float], reach: Int, scale: Double,
        onto couplings: [Double], count: Int
    ) -> (fast: [Double], scalar: [Double]) {
        both(from: couplings) {
            ($0 ? nct_coarse_color_couplings_scalar : nct_coarse_color_couplings)(
                aggregates, order, weights, order.count, reach, scale, count, &$1)
        }
    }

    static func moments(
        _ aggregates: [UInt16], packed: [Float], count: Int
    ) -> (fast: [Double], scalar: [Double]) {
        both(from: [Double](repeating: 0, count: 7 * count)) {
            ($0 ? nct_coarse_moments_scalar : nct_coarse_moments)(aggregates, packed, aggregates.count, &$1)
        }
    }

    static func assemble(
        couplings: [Double], moments: [Double], channel: Int
    ) -> (fast: [Double], scalar: [Double]) {
        let count = moments.count / 7
        return both(from: [Double](repeating: .nan, count: 4 * count * count)) {
            ($0 ? nct_coarse_assemble_scalar : nct_coarse_assemble)(couplings, moments, count, channel, &$1)
        }
    }

    static func restrict(
        _ aggregates: [UInt16], _ r: [Float], onto sums: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: sums) {
            ($0 ? nct_coarse_restrict_scalar : nct_coarse_restrict)(aggregates, r, aggregates.count, &$1)
        }
    }

    static func prolong(
        _ aggregates: [UInt16], _ coarse: [Float], onto x: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: x) {
            ($0 ? nct_coarse_prolong_scalar : nct_coarse_prolong)(aggregates, coarse, aggregates.count, &$1)
        }
    }

    /// A matrix with its factor in the lower triangle, and the solution for a right side.
    static func factorAndSolve(
        _ matrix: [Double], right: [Double]
    ) -> (factored: [Double], solution: [Double]) {
        var (factored, solution) = (matrix, right)
        nct_coarse_factor(&factored, right.count)
        nct_coarse_solve(factored, right.count, &solution)
        return (factored, solution)
    }
}
