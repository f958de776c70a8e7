import NCTEngine
import Testing

@Suite("Label kernels")
struct LabelKernelsTests {
    /// A labeling problem on a grid with some further pairs, like neighbors in color.
    static func problem(
        width: Int, height: Int, labels: Int, greatestWeight: Int32 = 40, greatestCost: Int32 = 3000,
        candidates: Bool = false, _ generator: inout SeededGenerator
    ) -> LabelingProblem {
        let nodes = width * height
        var pairs: [Int32] = []
        for node in 0..<nodes {
            if node % width + 1 < width { pairs += [Int32(node), Int32(node + 1)] }
            if node + width < nodes { pairs += [Int32(node), Int32(node + width)] }
        }
        for _ in 0..<nodes where nodes > 1 {
            let chosen = (0..<Int32(nodes)).shuffled(using: &generator)
            pairs += chosen[..<2]
        }
        // Distances of places on a line are a metric.
        let places = (0..<labels).map { _ in Int32.random(in: 0...60, using: &generator) }
        return LabelingProblem(
            nodes: nodes, pairs: pairs,
            weights: (0..<pairs.count / 2).map { _ in Int32.random(in: 0...greatestWeight, using: &generator) },
            costs: (0..<labels * nodes).map { _ in Int32.random(in: 0...greatestCost, using: &generator) },
            distances: places.flatMap { from in places.map { abs(from - $0) } }, labelCount: labels,
            candidates: candidates
                ? (0..<nodes).map { _ in UInt64.random(in: 0..<1 << UInt64(labels), using: &generator) } : nil)
    }

    @Test("What labels cost equals its twin to 1e-6 of the greatest, and is bound", arguments: [1, 7, 64, 257])
    func data(count: Int) {
        var inputs = TwinInputs(seed: 51)
        let packed = inputs.numbers(4 * count, in: 0...1)
        let guidance = inputs.lab(count)
        let label = TransferLabel(gain: [0.8, 1.3, 2], offset: [0.1, -0.2, 0])
        let (fast, scalar) = LabelKernels.data(label, packed: packed, guidance: guidance, scale: 1e7)
        #expect(zip(fast, scalar).allSatisfy { abs(Double($0) - Double($1)) <= 1 + 1e-5 * Double($1) })
        let bound = LabelKernels.data(label, packed: packed, guidance: guidance, scale: 1e20)
        #expect(bound.fast == bound.scalar && (bound.fast.max() ?? 0) == Int32(LabelingProblem.limit))
    }

    @Test("Arcs, an expansion's graph and pair costs equal their twins exactly", arguments: 0..<40)
    func expansions(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let labels = 1 + seed % 5
        let problem = Self.problem(
            width: 1 + seed % 7, height: 1 + seed % 4, labels: labels, candidates: seed % 3 > 0, &generator)
        let labeling = (0..<problem.nodes).map { _ in UInt8.random(in: 0..<UInt8(labels), using: &generator) }
        let touched = (0..<problem.nodes).map { _ in Int32.random(in: 0...4, using: &generator) }
        for label in 0..<labels {
            let (fast, scalar) = LabelKernels.expansion(
                of: problem, labeling, to: UInt8(label), touched: touched, since: Int32(seed % 2))
            #expect(fast == scalar)
            #expect(fast.arrays.last?.allSatisfy { $0 >= 0 } == true, "a capacity is negative")
        }
        let pairs = (0..<30).flatMap { _ in Array((0..<Int32(9)).shuffled(using: &generator)[..<2]) }
        let arcs = LabelKernels.arcs(pairs: pairs, weights: (1...30).map { $0 }, nodes: 9)
        #expect(arcs.fast == arcs.scalar)
    }

    @Test("At the greatest energies nothing leaves its range: the twin counts in 64 bits", arguments: 0..<20)
    func greatest(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(100 + seed))
        let limit = Int32(LabelingProblem.limit)
        // Up to 4 pairs of the grid and some more a node, 60 steps apart.
        let problem = Self.problem(
            width: 5, height: 4, labels: 4, greatestWeight: limit / (60 * 12), greatestCost: limit, &generator)
        var labeling = (0..<problem.nodes).map { _ in UInt8.random(in: 0..<4, using: &generator) }
        for label in UInt8(0)..<4 {
            let (fast, scalar) = LabelKernels.expansion(
                of: problem, labeling, to: label, touched: problem.costs, since: 0)
            #expect(fast == scalar)
        }
        let start = problem.energy(of: labeling)
        let outcome = AlphaExpansion().minimize(problem, from: labeling)
        labeling = outcome.labels
        #expect(problem.energy(of: labeling) == (outcome.data, outcome.pairs))
        #expect(outcome.data + outcome.pairs <= start.data + start.pairs)
    }

    @Test("The maximum flow and the nodes that reach the sink equal those of plain shortest paths", arguments: 0..<150)
    func flow(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        let nodes = Int.random(in: 1...50, using: &generator)
        let greatest = [Int32(2), 20, 1000, 1 << 29][seed % 4]
        let count = nodes > 1 ? Int.random(in: 0...4 * nodes, using: &generator) : 0
        let pairs = (0..<count).flatMap { _ in Array((0..<Int32(nodes)).shuffled(using: &generator)[..<2]) }
        func capacities(_ count: Int, from least: Int32) -> [Int32] {
            (0..<count).map { _ in Int32.random(in: least...greatest, using: &generator) }
        }
        let flow = LabelKernels.maximumFlow(
            pairs: pairs, forth: capacities(count, from: 0), back: capacities(count, from: 0),
            terminal: capacities(nodes, from: -greatest).map { seed % 3 == 0 && $0 % 2 == 0 ? 0 : $0 })
        #expect(flow.fast == flow.scalar)
    }
}
