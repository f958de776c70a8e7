/// Minimizes the energy by preconditioned conjugate gradients on its normal equations, never building the matrix.
///
/// The three channels are three systems with one matrix pattern, solved side by side: a pixel's eight floats fill one
/// register, each channel has its own step lengths. The preconditioner is the exact inverse of each pixel's 2×2 block
/// (gain and offset of a channel), degree · I + confidence · (S, 1)(S, 1)ᵀ, in closed form (Sherman and Morrison).
///
/// Deterministic for any number of threads: products are summed a chunk of rows at a time, and chunks in their order.
/// Memory at the peak: 96 bytes a pixel beside the field (32) and the energy.
package struct LeastSquaresSolver: TransferSolver {
    /// Stops at this residual relative to the right side.
    package var tolerance: Double
    package var maximumIterations: Int

    package init(tolerance: Double = 1e-3, maximumIterations: Int = 100) {
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
            energy, field: &field.values, tolerance: tolerance, maximumIterations: maximumIterations, workers: workers)
        return TransferSolution(
            field: field, iterations: outcome.iterations, relativeResidual: outcome.relativeResidual,
            initialEnergy: initial, finalEnergy: energy.value(of: field, workers: workers))
    }
}
