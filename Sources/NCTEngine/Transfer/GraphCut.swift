/// Step 6 by the paper's own optimization, a multi-label graph cut: each pixel takes one of a few transforms, and what is
/// left of the difference is refined.
///
/// 1. ``LabelProposals`` proposes the labels, ``LabelMetric`` says how far they are from each other.
/// 2. ``AlphaExpansion`` chooses each pixel's, with the terms of Eq. 4: confidence · ‖a·S + b − G‖² a pixel, and a pair of
///    neighbors, in the grid or in color, pays its weight, λ and all, times σ · d, d being the distance of their labels and
///    σ the ``LabelMetric/spacing``. (Eq. 4 has d². That is no metric; for labels one spacing apart both are the same,
///    and what is farther apart costs less than by Eq. 4: edges may be sharp.) It starts with the best label of each
///    cluster. A pixel is offered the four labels that suit its block best, and those of pixels that it is paired with.
/// 3. ``LabelRefinement`` lets transforms vary inside what the labels say, and smooths their borders.
///
/// Deterministic for any number of threads: only what is independent for each label or block runs at once. Memory at the
/// peak: some 400 bytes per pixel and 4 for each label, beside the field and the energy.
package struct GraphCut: TransferSolver {
    /// Labels offered to a pixel by its block.
    private static let offered = 4
    /// Fields of fewer pixels offer all labels to all, and try every move until none lowers the energy any more.
    private static let smallField = 4096
    /// The least share of the energy that a cycle through all labels must gain for another to follow.
    private static let leastGain = 0.001

    /// Greatest number of labels, 1 to 64.
    package var labelCount: Int
    package var maximumCycles: Int
    /// Solves the refinement.
    package var refinement: LabelRefinement

    package init(labelCount: Int = 32, maximumCycles: Int = 100, refinement: LabelRefinement = LabelRefinement()) {
        self.labelCount = labelCount
        self.maximumCycles = maximumCycles
        self.refinement = refinement
    }

    package init(_ parameters: NormalizationParameters) {
        self.init(
            labelCount: parameters.solverLabels, maximumCycles: parameters.solverIterations,
            refinement: LabelRefinement(solver: LeastSquaresSolver(parameters)))
    }

    package func minimize(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> TransferSolution {
        let initial = energy.value(of: start, workers: workers)
        guard energy.pixelCount > 0 else {
            return TransferSolution(field: start, iterations: 0, initialEnergy: initial, finalEnergy: initial)
        }
        let cut = cut(energy, from: start, workers: workers)
        let field = refinement.refined(cut, of: energy, workers: workers)
        return TransferSolution(
            field: field, iterations: cut.cycles, initialEnergy: initial,
            finalEnergy: energy.value(of: field, workers: workers),
            labeling: .init(
                labels: LabelMap(width: energy.width, height: energy.height, bytes: cut.chosen),
                offered: cut.labels.count, data: cut.data, pairs: cut.pairs))
    }

    /// Which label each pixel takes.
    package struct Cut: Sendable {
        package var labels: [TransferLabel]
        package var metric: LabelMetric
        package var chosen: [UInt8]
        package var cycles: Int
        /// In the units of the energy.
        package var data: Double
        package var pairs: Double
        /// What was solved, whose energies are `scale` times those.
        package var problem: LabelingProblem
        package var scale: Double
    }

    /// The labeling, before the refinement.
    package func cut(_ energy: TransferEnergy, from start: TransferField, workers: Workers) -> Cut {
        let blocks = LabelBlocks(energy)
        let labels = LabelProposals(
            for: energy, from: start, blocks: blocks, count: labelCount, workers: workers
        ).labels
        let clusters = blocks.byCluster()
        let metric = LabelMetric(labels, colors: clusters.sorted { $0.key < $1.key }.map(\.value))
        let scale = Self.scale(energy, blocks, labels, metric)
        let problem = problem(energy, blocks, labels, metric, scale: scale, workers: workers)
        let best = clusters.mapValues { moments in
            UInt8(labels.indices.min { moments.cost(of: labels[$0]) < moments.cost(of: labels[$1]) } ?? 0)
        }
        let expansion = AlphaExpansion(
            maximumCycles: maximumCycles, leastGain: Self.isSmall(energy) ? 0 : Self.leastGain,
            looksEverywhere: Self.isSmall(energy))
        let outcome = expansion.minimize(
            problem, from: (0..<energy.pixelCount).map { best[energy.neighbors.clusters?.bytes[$0] ?? 0] ?? 0 })
        return Cut(
            labels: labels, metric: metric, chosen: outcome.labels, cycles: outcome.cycles,
            data: Double(outcome.data) / scale, pairs: Double(outcome.pairs) / scale, problem: problem, scale: scale)
    }

    private static func isSmall(_ energy: TransferEnergy) -> Bool { energy.pixelCount < smallField }

    /// Makes whole numbers of energies, as fine as ``LabelingProblem/limit`` allows.
    private static func scale(
        _ energy: TransferEnergy, _ blocks: LabelBlocks, _ labels: [TransferLabel], _ metric: LabelMetric
    ) -> Double {
        // A block costs at least what each of its pixels does.
        var greatest = 0.0
        for block in blocks.moments { for label in labels { greatest = max(greatest, block.cost(of: label)) } }
        let links = Double(energy.degree.max() ?? 0) * metric.spacing * metric.unit * Double(LabelMetric.steps)
        greatest = max(greatest, links)
        // Rounding each link up or down adds less than a sixteenth.
        return greatest > 0 ? 0.9 * Double(LabelingProblem.limit) / greatest : 1
    }

    private func problem(
        _ energy: TransferEnergy, _ blocks: LabelBlocks, _ labels: [TransferLabel], _ metric: LabelMetric,
        scale: Double, workers: Workers
    ) -> LabelingProblem {
        let step = 2 * scale * metric.spacing * metric.unit
        let (pairs, weights) = Self.pairs(
            energy, local: step * Double(energy.localWeight), nonlocal: step * Double(energy.nonlocalWeight))
        let candidates = blocks.candidates(
            labels, count: Self.isSmall(energy) ? labels.count : Self.offered, workers: workers)
        return LabelingProblem(
            nodes: energy.pixelCount, pairs: pairs, weights: weights,
            costs: LabelKernels.costs(of: labels, in: energy, scale: scale, workers: workers),
            distances: metric.distances, labelCount: labels.count, candidates: blocks.blocks.map { candidates[Int($0)] }
        )
    }

    /// Neighbors in the grid and in color with what they pay for a step of distance; those that would pay nothing left out.
    private static func pairs(
        _ energy: TransferEnergy, local: Double, nonlocal: Double
    ) -> (pairs: [Int32], weights: [Int32]) {
        let (width, count, reach) = (energy.width, energy.pixelCount, NonlocalNeighbors.reach)
        var pairs: [Int32] = []
        var weights: [Int32] = []
        pairs.reserveCapacity(2 * (2 + reach) * count)
        weights.reserveCapacity((2 + reach) * count)
        func add(_ first: Int32, _ second: Int32, _ weight: Double) {
            let whole = Int32((weight).rounded())
            guard whole > 0 else { return }
            pairs.append(first)
            pairs.append(second)
            weights.append(whole)
        }
        for pixel in 0..<count {
            if pixel % width + 1 < width {
                add(Int32(pixel), Int32(pixel + 1), local * Double(energy.localWeights[2 * pixel]))
            }
            if pixel + width < count {
                add(Int32(pixel), Int32(pixel + width), local * Double(energy.localWeights[2 * pixel + 1]))
            }
        }
        let (order, links) = (energy.neighbors.order, energy.neighbors.weights)
        for place in 0..<count {
            for step in 1...reach where place + step < count {
                add(order[place], order[place + step], nonlocal * Double(links[place * reach + step - 1]))
            }
        }
        return (pairs, weights)
    }
}
