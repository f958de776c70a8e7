import NCTEngine
import Testing

/// Held against all labelings of tiny images.
@Suite("Alpha expansion")
struct AlphaExpansionTests {
    private func energy(_ problem: LabelingProblem, _ labels: [UInt8]) -> Int64 {
        let (data, pairs) = problem.energy(of: labels)
        return data + pairs
    }

    /// All labelings of so many nodes.
    private func labelings(nodes: Int, labels: Int, _ body: ([UInt8]) -> Void) {
        var labeling = [UInt8](repeating: 0, count: nodes)
        while true {
            body(labeling)
            guard let node = labeling.firstIndex(where: { $0 + 1 < UInt8(labels) }) else { return }
            for index in 0..<node { labeling[index] = 0 }
            labeling[node] += 1
        }
    }

    @Test("On tiny images the energy is at most twice the least, and no single move lowers it")
    func theorem() {
        var worst = 1.0
        var exact = 0
        let count = 60
        for seed in 0..<count {
            var generator = SeededGenerator(seed: UInt64(500 + seed))
            let problem = LabelKernelsTests.problem(
                width: 3, height: seed % 2 == 0 ? 2 : 3, labels: 2 + seed % 2, greatestWeight: [5, 40, 200][seed % 3],
                &generator)
            let start = (0..<problem.nodes).map { _ in
                UInt8.random(in: 0..<UInt8(problem.labelCount), using: &generator)
            }
            let outcome = AlphaExpansion().minimize(problem, from: start)
            let reached = energy(problem, outcome.labels)
            #expect(reached == outcome.data + outcome.pairs && reached <= energy(problem, start))
            var least = Int64.max
            labelings(nodes: problem.nodes, labels: problem.labelCount) { least = min(least, energy(problem, $0)) }
            #expect(reached >= least && reached <= 2 * least, "seed \(seed): \(reached), the least is \(least)")
            worst = max(worst, Double(reached) / Double(max(1, least)))
            if reached == least { exact += 1 }
            for label in UInt8(0)..<UInt8(problem.labelCount) {
                labelings(nodes: problem.nodes, labels: 2) { changes in
                    let moved = zip(outcome.labels, changes).map { $1 == 1 ? label : $0 }
                    #expect(energy(problem, moved) >= reached)
                }
            }
        }
        print("seeds 500 to \(499 + count): energy at most \(worst) of the least, which \(exact) of \(count) reach")
    }

    @Test("A cycle's bound, equal labels, one label and one node")
    func edges() {
        var generator = SeededGenerator(seed: 9)
        let problem = LabelKernelsTests.problem(width: 6, height: 5, labels: 5, &generator)
        let start = [UInt8](repeating: 0, count: problem.nodes)
        let one = AlphaExpansion(maximumCycles: 1).minimize(problem, from: start)
        let all = AlphaExpansion().minimize(problem, from: start)
        #expect(one.cycles == 1 && all.cycles > 1 && all.data + all.pairs <= one.data + one.pairs)
        #expect(AlphaExpansion().minimize(problem, from: start).labels == all.labels)
        // Labels that are the same: nothing is gained by changing from one to the other, so nothing changes.
        let same = LabelingProblem(
            nodes: 2, pairs: [0, 1], weights: [7], costs: [3, 3, 3, 3], distances: [0, 0, 0, 0], labelCount: 2)
        #expect(AlphaExpansion().minimize(same, from: [1, 0]).labels == [1, 0])
        let single = LabelingProblem(nodes: 1, pairs: [], weights: [], costs: [4], distances: [0], labelCount: 1)
        #expect(AlphaExpansion().minimize(single, from: [0]).data == 4)
    }

    @Test("Looking only at what was touched since comes near to looking everywhere, even in pure noise")
    func touched() {
        for seed in 0..<20 {
            var generator = SeededGenerator(seed: UInt64(700 + seed))
            let problem = LabelKernelsTests.problem(width: 16, height: 12, labels: 6, &generator)
            let start = [UInt8](repeating: 0, count: problem.nodes)
            let all = AlphaExpansion().minimize(problem, from: start)
            let some = AlphaExpansion(looksEverywhere: false).minimize(problem, from: start)
            #expect(energy(problem, some.labels) == some.data + some.pairs)
            #expect(Double(some.data + some.pairs) < 1.5 * Double(all.data + all.pairs), "seed \(700 + seed)")
            #expect(some.data + some.pairs < energy(problem, start))
        }
    }

    @Test("Nodes take no label but those they are offered, and those of nodes that they are paired with")
    func candidates() {
        // A row of four; only the first is offered label 1, which is best for all but the last.
        let problem = LabelingProblem(
            nodes: 4, pairs: [0, 1, 1, 2], weights: [1, 1], costs: [9, 9, 9, 9, 0, 0, 0, 0], distances: [0, 1, 1, 0],
            labelCount: 2, candidates: [2, 1, 1, 1])
        #expect(AlphaExpansion().minimize(problem, from: [0, 0, 0, 0]).labels == [1, 1, 1, 0])
    }
}
