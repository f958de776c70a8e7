import CKernels

/// The Swift side of `labels.c` and `maxflow.c`.
package enum LabelKernels {
    /// Nodes and pairs as arcs.
    package struct Graph: Sendable {
        package let nodes: Int
        package let first: [Int32]
        package let head: [Int32]
        package let reverse: [Int32]
        package let weight: [Int32]

        package init(nodes: Int, pairs: [Int32], weights: [Int32]) {
            let arcs = 2 * weights.count
            var first = [Int32](repeating: 0, count: nodes + 1)
            var (head, reverse) = ([Int32](repeating: 0, count: arcs), [Int32](repeating: 0, count: arcs))
            var weight = [Int32](repeating: 0, count: arcs)
            nct_labels_arcs(pairs, weights, weights.count, nodes, &first, &head, &reverse, &weight)
            (self.nodes, self.first, self.head, self.reverse, self.weight) = (nodes, first, head, reverse, weight)
        }
    }

    /// What labels cost the pixels of an energy: `labels.count × pixels`.
    static func costs(
        of labels: [TransferLabel], in energy: TransferEnergy, scale: Double, workers: Workers
    ) -> [Int32] {
        let pixels = energy.pixelCount
        return TransferKernels.filled(labels.count * pixels) { out in
            energy.packedSource.withUnsafeBufferPointer { packed in
                energy.guidance.samples.withUnsafeBufferPointer { guidance in
                    let (packed, guidance) = (SharedConstPointer(packed), SharedConstPointer(guidance))
                    workers.forEach(labels.count, grain: 1) { range in
                        nct_labels_data(
                            packed.base, guidance.base, labels[range.lowerBound].values, Float(scale), pixels,
                            out.base + range.lowerBound * pixels)
                    }
                }
            }
        }
    }

    /// What a labeling's pairs cost.
    static func pairs(in problem: LabelingProblem, _ labels: [UInt8]) -> Int64 {
        withExpansion(of: problem, labels, cost: [], to: 0) { nct_expansion_pairs(&$0) / 2 }
    }

    /// Calls `body` with a labeling as the kernels take it.
    package static func withExpansion<Result>(
        of problem: LabelingProblem, _ labels: [UInt8], cost: [Int32], to label: UInt8,
        _ body: (inout nct_expansion) -> Result
    ) -> Result {
        let graph = problem.graph
        return labels.withUnsafeBufferPointer { labels in
            withPointers([
                graph.first, graph.head, graph.reverse, graph.weight, problem.distances, cost, problem.costs,
            ]) {
                var expansion = nct_expansion(
                    nodes: problem.nodes, first: $0[0], head: $0[1], reverse: $0[2], weight: $0[3],
                    labels: labels.baseAddress, distances: $0[4], labelCount: problem.labelCount, cost: $0[5],
                    other: $0[6].map { $0 + Int(label) * problem.nodes }, label: label)
                return body(&expansion)
            }
        }
    }

    /// Expansion moves one after the other, with the memory that they need.
    struct ExpansionMoves {
        private let problem: LabelingProblem
        private(set) var labels: [UInt8]
        /// What each node's label costs it.
        private var cost: [Int32]
        private var list: [Int32]
        private var number: [Int32]
        private var arcNumber: [Int32]
        /// The move in which a node's own label or that of one that it is paired with was last changed, and each label's
        /// last move.
        private var touched: [Int32]
        private var last: [Int32]
        private var move: Int32 = 0
        private let looksEverywhere: Bool
        private var flow = FlowGraph(nodes: 0, arcs: 0)

        /// - Parameter looksEverywhere: else a label's moves after its first look at what was touched since then.
        init(_ problem: LabelingProblem, labels: [UInt8], looksEverywhere: Bool) {
            self.problem = problem
            self.looksEverywhere = looksEverywhere
            touched = [Int32](repeating: 0, count: problem.nodes)
            last = [Int32](repeating: 0, count: problem.labelCount)
            self.labels = labels
            cost = labels.indices.map { problem.costs[Int(labels[$0]) * problem.nodes + $0] }
            list = [Int32](repeating: 0, count: problem.nodes)
            number = list
            arcNumber = [Int32](repeating: 0, count: problem.graph.head.count)
        }

        /// Makes the best change of nodes to `label`, and returns by how much it changes the energy: 0 or less.
        mutating func expand(_ label: UInt8) -> Int64 {
            let (problem, cost) = (problem, cost)
            var (list, number, arcNumber, flow) = (self.list, self.number, self.arcNumber, self.flow)
            (self.list, self.number, self.arcNumber) = ([], [], [])
            defer { (self.list, self.number, self.arcNumber, self.flow) = (list, number, arcNumber, flow) }
            let since = looksEverywhere ? 0 : last[Int(label)]
            move += 1
            last[Int(label)] = move
            var count = 0
            var change = LabelKernels.withExpansion(of: problem, labels, cost: cost, to: label) { expansion in
                count = nct_expansion_nodes(&expansion, problem.candidates, touched, since, &list, &number)
                let arcs = list[..<count].reduce(0) {
                    $0 + Int(problem.graph.first[Int($1) + 1] - problem.graph.first[Int($1)])
                }
                flow = flow.enlarged(nodes: count, arcs: arcs)
                return nct_expansion_graph(
                    &expansion, list, count, number, &arcNumber, flow.first, flow.head, flow.reverse, flow.residual,
                    flow.terminal)
            }
            guard change < 0 else { return 0 }
            change += flow.maximum(nodes: count)
            let costs = Int(label) * problem.nodes
            for index in 0..<count where flow.sink[index] == 1 {
                let node = Int(list[index])
                labels[node] = label
                self.cost[node] = problem.costs[costs + node]
                touched[node] = move
                for arc in problem.graph.first[node]..<problem.graph.first[node + 1] {
                    touched[Int(problem.graph.head[Int(arc)])] = move
                }
            }
            return change
        }
    }

    /// A graph for `nct_maxflow` and its scratch.
    package final class FlowGraph {
        private let nodeLimit: Int
        private let arcLimit: Int
        private let memory: UnsafeMutablePointer<Int32>
        private let bytes: UnsafeMutablePointer<UInt8>
        package var first: UnsafeMutablePointer<Int32> { memory }
        package var head: UnsafeMutablePointer<Int32> { memory + nodeLimit + 1 }
        package var reverse: UnsafeMutablePointer<Int32> { head + arcLimit }
        /// What each arc can carry.
        package var residual: UnsafeMutablePointer<Int32> { reverse + arcLimit }
        /// What each node gets from the source, or gives to the sink where negative.
        package var terminal: UnsafeMutablePointer<Int32> { residual + arcLimit }
        /// 1 where a node can still reach the sink.
        package var sink: UnsafeMutablePointer<UInt8> { bytes }

        package init(nodes: Int, arcs: Int) {
            (nodeLimit, arcLimit) = (nodes, arcs)
            memory = .allocate(capacity: 7 * nodes + 1 + 3 * arcs)
            bytes = .allocate(capacity: 2 * nodes + 1)
        }

        deinit {
            memory.deallocate()
            bytes.deallocate()
        }

        /// One with room for so many; what it held is lost.
        func enlarged(nodes: Int, arcs: Int) -> FlowGraph {
            nodes <= nodeLimit && arcs <= arcLimit
                ? self : FlowGraph(nodes: max(nodes, nodeLimit), arcs: max(arcs, arcLimit))
        }

        /// Pushes all flow that there is between the first `nodes` nodes, and returns it.
        func maximum(nodes: Int) -> Int64 {
            var graph = view(nodes: nodes)
            return nct_maxflow(&graph, sink)
        }

        /// The first `nodes` nodes as the kernel takes them.
        package func view(nodes: Int) -> nct_flow_graph {
            let scratch = terminal + nodeLimit
            return nct_flow_graph(
                nodes: nodes, first: first, head: head, reverse: reverse, residual: residual, terminal: terminal,
                parent: scratch, next: scratch + nodeLimit, stamp: scratch + 2 * nodeLimit,
                distance: scratch + 3 * nodeLimit, orphans: scratch + 4 * nodeLimit, tree: bytes + nodeLimit)
        }
    }
}

/// Calls `body` with pointers to several arrays.
private func withPointers<Result>(
    _ arrays: [[Int32]], after pointers: [UnsafePointer<Int32>?] = [], _ body: ([UnsafePointer<Int32>?]) -> Result
) -> Result {
    guard let array = arrays.first else { return body(pointers) }
    return array.withUnsafeBufferPointer {
        withPointers(Array(arrays.dropFirst()), after: pointers + [$0.baseAddress], body)
    }
}
