import CKernelTwins
import CKernels
import NCTEngine

// The twins of `labels.c` and `maxflow.c`: by the fast kernel and by its twin.
extension LabelKernels {
    /// A maximum flow, and 1 for each node that can still reach the sink.
    struct Flow: Equatable {
        var flow: Int64
        var sink: [UInt8]
    }

    /// - Parameters:
    ///   - pairs: two nodes each; they can carry `forth` from the first to the second, and `back`.
    ///   - terminal: what a node gets from the source, or gives to the sink where negative.
    static func maximumFlow(
        pairs: [Int32], forth: [Int32], back: [Int32], terminal: [Int32]
    ) -> (fast: Flow, scalar: Flow) {
        let nodes = terminal.count
        let graph = Graph(nodes: nodes, pairs: pairs, weights: forth.indices.map { Int32($0) })
        return both(from: Flow(flow: 0, sink: [])) { scalar, result in
            let flow = FlowGraph(nodes: nodes, arcs: graph.head.count)
            flow.first.update(from: graph.first, count: nodes + 1)
            flow.head.update(from: graph.head, count: graph.head.count)
            flow.reverse.update(from: graph.reverse, count: graph.head.count)
            flow.terminal.update(from: terminal, count: nodes)
            for node in 0..<nodes {
                for arc in Int(graph.first[node])..<Int(graph.first[node + 1]) {
                    let pair = Int(graph.weight[arc])
                    flow.residual[arc] = pairs[2 * pair] == Int32(node) ? forth[pair] : back[pair]
                }
            }
            var view = flow.view(nodes: nodes)
            result.flow = (scalar ? nct_maxflow_scalar : nct_maxflow)(&view, flow.sink)
            result.sink = (0..<nodes).map { flow.sink[$0] }
        }
    }

    static func arcs(
        pairs: [Int32], weights: [Int32], nodes: Int
    ) -> (fast: [[Int32]], scalar: [[Int32]]) {
        let arcs = 2 * weights.count
        return both(from: []) {
            var first = [Int32](repeating: 0, count: nodes + 1)
            var head = [Int32](repeating: 0, count: arcs)
            var (reverse, weight) = (head, head)
            ($0 ? nct_labels_arcs_scalar : nct_labels_arcs)(
                pairs, weights, weights.count, nodes, &first, &head, &reverse, &weight)
            $1 = [first, head, reverse, weight]
        }
    }

    static func data(
        _ label: TransferLabel, packed: [Float], guidance: [Float], scale: Float
    ) -> (fast: [Int32], scalar: [Int32]) {
        both(from: [Int32](repeating: 0, count: packed.count / 4)) {
            ($0 ? nct_labels_data_scalar : nct_labels_data)(
                packed, guidance, label.values, scale, packed.count / 4, &$1)
        }
    }

    /// All that an expansion's graph consists of.
    struct Expansion: Equatable {
        var nodes: [Int32] = []
        var arrays: [[Int32]] = []
        var sum: Int64 = 0
        var pairs: Int64 = 0
    }

    static func expansion(
        of problem: LabelingProblem, _ labels: [UInt8], to label: UInt8, touched: [Int32], since: Int32
    ) -> (fast: Expansion, scalar: Expansion) {
        let cost = labels.indices.map { problem.costs[Int(labels[$0]) * problem.nodes + $0] }
        return both(from: Expansion()) { scalar, result in
            withExpansion(of: problem, labels, cost: cost, to: label) { expansion in
                var list = [Int32](repeating: 0, count: problem.nodes)
                var number = list
                let count = (scalar ? nct_expansion_nodes_scalar : nct_expansion_nodes)(
                    &expansion, problem.candidates, touched, since, &list, &number)
                let arcs = problem.graph.head.count
                var arcNumber = [Int32](repeating: 0, count: arcs)
                var (head, reverse, residual) = (arcNumber, arcNumber, arcNumber)
                var first = [Int32](repeating: 0, count: count + 1)
                var terminal = [Int32](repeating: 0, count: count)
                result.sum = (scalar ? nct_expansion_graph_scalar : nct_expansion_graph)(
                    &expansion, list, count, number, &arcNumber, &first, &head, &reverse, &residual, &terminal)
                result.nodes = Array(list[..<count]) + number
                let kept = Int(first[count])
                result.arrays = [first, terminal] + [head, reverse, residual].map { Array($0[..<kept]) }
                result.pairs = (scalar ? nct_expansion_pairs_scalar : nct_expansion_pairs)(&expansion)
            }
        }
    }
}
