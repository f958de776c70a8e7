/// Minimizes the energy of Eq. 4 (``TransferEnergy``): the one step of the method that there are two ways for.
package protocol TransferSolver: Sendable {
    /// Deterministic for any number of threads.
    ///
    /// - Parameter start: of the energy's size.
    func minimize(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> TransferSolution
}

/// What a solver found, and at what price.
package struct TransferSolution: Sendable {
    package var field: TransferField
    /// Iterations of conjugate gradients, or cycles of expansion moves through all labels.
    package var iterations: Int
    package var initialEnergy: TransferEnergy.Value
    package var finalEnergy: TransferEnergy.Value
    /// Nil for a solver that has no labels.
    package var labeling: Labeling?

    /// Which of a few transforms each pixel got, before the refinement.
    package struct Labeling: Sendable {
        package var labels: LabelMap<OfferedTransform>
        /// How many labels there were to choose from.
        package var offered: Int
        /// The discrete energy, in the units of the energy's total.
        package var data: Double
        package var pairs: Double
    }
}

/// One of the few transforms that a graph cut offers to the pixels, by its number.
public enum OfferedTransform {}

extension NormalizationParameters {
    /// The solver that ``solver`` names.
    package var transferSolver: any TransferSolver {
        switch solver {
        case .leastSquares: LeastSquaresSolver(self)
        case .graphCut: GraphCut(self)
        }
    }
}

/// What step 6 reached, for the sidecar: the energy by term, summed over all tiles.
public struct TransferReport: Sendable, Equatable, Codable {
    /// Terms of Eq. 4 with their weights λ applied, in (Lab / 100)², and their sum.
    public struct Energy: Sendable, Equatable, Codable {
        public var data: Double
        public var local: Double
        public var nonlocal: Double
        public var total: Double
    }

    /// The graph cut's labels.
    public struct Labels: Sendable, Equatable, Codable {
        /// Transforms to choose from, the most of any tile, and those that some pixel has.
        public var offered: Int
        public var used: Int
        /// The discrete energy before the refinement: what the labels cost the pixels, and the pairs.
        public var data: Double
        public var pairs: Double
    }

    public var solver: NormalizationParameters.Solver
    /// Iterations of conjugate gradients, or cycles through all labels; the most of any tile.
    public var iterations: Int
    /// Pixels of the solver's grid, those of overlapping tiles several times.
    public var pixels: Int
    public var energy: Energy
    /// Nil for least squares.
    public var labels: Labels?

    init(_ solution: TransferSolution, by solver: NormalizationParameters.Solver, of problem: TransferEnergy) {
        let value = solution.finalEnergy
        self.solver = solver
        iterations = solution.iterations
        pixels = problem.pixelCount
        energy = Energy(
            data: value.data, local: Double(problem.localWeight) * value.local,
            nonlocal: Double(problem.nonlocalWeight) * value.nonlocal, total: value.total)
        labels = solution.labeling.map {
            Labels(offered: $0.offered, used: Set($0.labels.bytes).count, data: $0.data, pairs: $0.pairs)
        }
    }

    /// Takes another tile in.
    mutating func add(_ other: TransferReport) {
        iterations = max(iterations, other.iterations)
        pixels += other.pixels
        energy.data += other.energy.data
        energy.local += other.energy.local
        energy.nonlocal += other.energy.nonlocal
        energy.total += other.energy.total
        if let own = labels, let more = other.labels {
            labels = Labels(
                offered: max(own.offered, more.offered), used: max(own.used, more.used), data: own.data + more.data,
                pairs: own.pairs + more.pairs)
        }
    }
}
