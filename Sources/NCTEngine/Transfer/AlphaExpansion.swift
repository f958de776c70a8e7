/// A labeling problem: nodes, what each label costs each node, and pairs of nodes that pay for having labels far apart.
///
/// Whole numbers, so that an energy is exact. No node's cost and no sum of a node's weights times the greatest distance
/// may be more than ``limit``.
package struct LabelingProblem: Sendable {
    /// Keeps every capacity of an expansion's graph below 2^31.
    package static let limit = 1 << 28

    package let nodes: Int
    package let labelCount: Int
    /// `labelCount × nodes`.
    package let costs: [Int32]
    /// `labelCount × labelCount`: a metric.
    package let distances: [Int32]
    /// Which labels are offered to a node, a bit each; others it can only take from a node that it is paired with.
    package let candidates: [UInt64]
    package let graph: LabelKernels.Graph

    /// - Parameters:
    ///   - pairs: two nodes each.
    ///   - weights: one a pair, 0 and more.
    ///   - candidates: all labels, if nil.
    package init(
        nodes: Int, pairs: [Int32], weights: [Int32], costs: [Int32], distances: [Int32], labelCount: Int,
        candidates: [UInt64]? = nil
    ) {
        precondition((1...64).contains(labelCount), "there are 1 to 64 labels")
        precondition(costs.count == labelCount * nodes && distances.count == labelCount * labelCount)
        precondition(pairs.count == 2 * weights.count)
        self.nodes = nodes
        self.labelCount = labelCount
        self.costs = costs
        self.distances = distances
        self.candidates = candidates ?? [UInt64](repeating: .max, count: nodes)
        graph = LabelKernels.Graph(nodes: nodes, pairs: pairs, weights: weights)
    }

    /// The cost of the nodes and that of the pairs.
    package func energy(of labels: [UInt8]) -> (data: Int64, pairs: Int64) {
        var data: Int64 = 0
        for node in 0..<nodes { data += Int64(costs[Int(labels[node]) * nodes + node]) }
        return (data, LabelKernels.pairs(in: self, labels))
    }
}

/// Minimizes a labeling's energy by expansion moves (Boykov, Veksler, Zabih, *Fast approximate energy minimization via
/// graph cuts*, 2001): label after label, the best change of any set of nodes to that label is a minimum cut.
///
/// Where every label is offered to every node and ``looksEverywhere``, the energy that no move lowers is at most twice the
/// least. The moves come
/// in the labels' order, and of equally good ones the one that changes least is made: the same labels on every machine.
package struct AlphaExpansion: Sendable {
    /// Stops after so many cycles through all labels …
    package var maximumCycles: Int
    /// … or when a cycle lowers the energy by no more than this share of it.
    package var leastGain: Double

    /// False: after its first move a label looks only at nodes whose own label, or that of one that they are paired with, has
    /// changed since. That takes a tenth of the time, for most cuts come out as they did before.
    package var looksEverywhere: Bool

    package init(maximumCycles: Int = .max, leastGain: Double = 0, looksEverywhere: Bool = true) {
        self.maximumCycles = maximumCycles
        self.leastGain = leastGain
        self.looksEverywhere = looksEverywhere
    }

    package struct Outcome: Sendable {
        package var labels: [UInt8]
        package var cycles: Int
        package var data: Int64
        package var pairs: Int64
    }

    package func minimize(_ problem: LabelingProblem, from start: [UInt8]) -> Outcome {
        var move = LabelKernels.ExpansionMoves(problem, labels: start, looksEverywhere: looksEverywhere)
        let initial = problem.energy(of: start)
        var energy = initial.data + initial.pairs
        var cycles = 0
        // How many labels in a row have not lowered the energy.
        var idle = 0
        while cycles < maximumCycles, idle < problem.labelCount {
            let before = energy
            for label in 0..<problem.labelCount where idle < problem.labelCount {
                let change = move.expand(UInt8(label))
                energy += change
                idle = change < 0 ? 0 : idle + 1
            }
            cycles += 1
            if Double(before - energy) <= leastGain * Double(before) { break }
        }
        let final = problem.energy(of: move.labels)
        assert(final.data + final.pairs == energy, "moves change the energy by what their cuts say")
        return Outcome(labels: move.labels, cycles: cycles, data: final.data, pairs: final.pairs)
    }
}
