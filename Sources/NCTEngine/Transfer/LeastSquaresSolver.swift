/// Minimizes the energy by preconditioned conjugate gradients on its normal equations, never building the matrix.
///
/// The three channels are three systems with one pattern, solved side by side: a pixel's eight floats fill one
/// register, each channel has its own step lengths. The preconditioner adds two parts:
/// - the exact inverse of each pixel's 2×2 block (gain and offset of a channel), degree · I +
///   confidence · (S, 1)(S, 1)ᵀ, in closed form (Sherman and Morrison);
/// - the exact solution on a coarse space of some 250 colors (``CoarseSpace``). Without it the energy stays half
///   again too high for hundreds of iterations, with it some fifteen suffice; the same solution also makes the start,
///   if it has less energy than the field given.
///
/// It stops when r · inverse(M) r, which estimates by how much the energy can still fall, is below the tolerance times
/// the energy. The result never has more energy than the start.
///
/// Deterministic for any number of threads: products are summed a chunk of pixels at a time, and chunks in their
/// order. Memory at the peak: 98 bytes per pixel beside the field (32) and the energy.
package struct LeastSquaresSolver: TransferSolver {
    /// Stops when the energy still to be gained is estimated at less than this share of the energy.
    package var tolerance: Double
    package var maximumIterations: Int

    package init(tolerance: Double = 2e-4, maximumIterations: Int = 100) {
        self.tolerance = tolerance
        self.maximumIterations = maximumIterations
    }

    package init(_ parameters: NormalizationParameters) {
        self.init(tolerance: Double(parameters.solverTolerance), maximumIterations: parameters.solverIterations)
    }

    package func minimize(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> TransferSolution {
        let initial = energy.value(of: start, workers: workers)
        var field = start
        let outcome = TransferKernels.conjugateGradients(
            energy, field: &field.values, startEnergy: initial.total, tolerance: tolerance,
            maximumIterations: maximumIterations, workers: workers)
        var final = energy.value(of: field, workers: workers)
        // Where the start has no energy to speak of, as in a field of one color, only rounding is left to go by.
        if final.total > initial.total { (field, final) = (start, initial) }
        return TransferSolution(
            field: field, iterations: outcome.iterations, initialEnergy: initial, finalEnergy: final)
    }
}
