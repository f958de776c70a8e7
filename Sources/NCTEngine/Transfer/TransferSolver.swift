/// The seam for ways to minimize the energy (``LeastSquaresSolver``, or one's own).
package protocol TransferSolver: Sendable {
    /// A field of low energy, from a starting field of the energy's size.
    func minimize(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> TransferSolution
}

/// What a solver found, and at what price.
package struct TransferSolution: Sendable {
    package var field: TransferField
    package var iterations: Int
    /// Residual relative to the right side, in the norm of the inverse preconditioner; 0 for solvers without one.
    package var relativeResidual: Double
    package var initialEnergy: TransferEnergy.Value
    package var finalEnergy: TransferEnergy.Value
}
