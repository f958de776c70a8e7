/// The seam for ways to minimize the energy (``LeastSquaresSolver``, or one's own).
package protocol TransferSolver: Sendable {
    /// A field of low energy, from a starting field of the energy's size.
    func minimize(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> TransferSolution
}

/// What a solver found, and at what price.
package struct TransferSolution: Sendable {
    package var field: TransferField
    package var iterations: Int
    /// The energy that can still be gained, as estimated, relative to the energy; 0 for solvers without an estimate.
    package var relativeResidual: Double
    package var initialEnergy: TransferEnergy.Value
    package var finalEnergy: TransferEnergy.Value
}
