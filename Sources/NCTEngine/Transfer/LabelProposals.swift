/// A label of the graph cut: one gain and one offset per channel of CIELAB, for many pixels. Offsets in Lab / 100.
package struct TransferLabel: Sendable, Equatable {
    package var gain: SIMD3<Double>
    package var offset: SIMD3<Double>

    package init(gain: SIMD3<Double>, offset: SIMD3<Double>) {
        self.gain = gain
        self.offset = offset
    }

    package static let identity = TransferLabel(gain: .one, offset: .zero)

    /// As a pixel of ``TransferField`` has it.
    package var values: [Float] {
        [gain.x, gain.y, gain.z, 0, offset.x, offset.y, offset.z, 0].map { Float($0) }
    }
}

/// The labels that a graph cut chooses from, proposed by the data.
///
/// Candidates are
/// - robust fits of the source to the guidance (Cauchy weights, over ``LabelBlocks``) in each cluster, in each cluster
///   inside each of 4 × 4 cells of the image, and over all;
/// - the means of the least-squares start's transforms over 64 stretches of pixels of like color;
/// - the transform that changes nothing.
///
/// Of these the labels are taken one by one, each the one that together with those before fits the blocks best. It ends
/// before `count` where no candidate makes the fit better by ``leastGain``: a field of few colors has few transforms.
package struct LabelProposals: Sendable {
    /// Share of the misfit.
    private static let leastGain = 1e-4
    /// Blocks that the choice looks at, at most.
    private static let sampleLimit = 2048
    private static let stretches = 64
    private static let rounds = 4
    /// A block whose residual has this size, in Lab / 100, counts half in a fit.
    private static let tolerance = 0.05
    /// Standard deviation, in Lab / 100, of what keeps a gain near 1 where the source hardly varies.
    private static let prior = 0.02

    package let labels: [TransferLabel]

    /// - Parameter count: 1 or more.
    package init(
        for energy: TransferEnergy, from start: TransferField, blocks: LabelBlocks, count: Int, workers: Workers
    ) {
        var groups: [[Int]] = [Array(blocks.moments.indices)]
        groups += Dictionary(grouping: blocks.moments.indices) { Int(blocks.clusters[$0]) }.sorted { $0.key < $1.key }
            .map(\.value)
        let cells = LabelBlocks.cellsEachWay * LabelBlocks.cellsEachWay
        groups += Dictionary(grouping: blocks.moments.indices) { Int(blocks.clusters[$0]) * cells + blocks.cells[$0] }
            .sorted { $0.key < $1.key }.map(\.value)
        let all = groups
        let fits = workers.flatMap(all.count, grain: 4) { range in
            range.compactMap { Self.fit(all[$0].map { blocks.moments[$0] }) }
        }
        labels = Self.chosen(
            from: [.identity] + fits + Self.means(of: start, order: energy.neighbors.order), for: blocks.moments,
            count: count, workers: workers)
    }

    /// The line from S to G through the blocks, channel by channel; nil without any confidence.
    private static func fit(_ blocks: [LabelBlocks.Moments]) -> TransferLabel? {
        var weights = [Double](repeating: 1, count: blocks.count)
        var label = TransferLabel.identity
        for _ in 0..<rounds {
            var sum = LabelBlocks.Moments()
            for (block, weight) in zip(blocks, weights) { sum.add(block, scaledBy: weight) }
            guard sum.weight > 1e-9 else { return nil }
            let (source, guidance) = (sum.source / sum.weight, sum.guidance / sum.weight)
            let variance = sum.sourceSquared / sum.weight - source * source
            let covariance = sum.product / sum.weight - source * guidance
            let ridge = SIMD3<Double>(repeating: prior * prior)
            let range = InitialTransfer().gainRange
            let gain = ((covariance + ridge) / (variance + ridge)).clamped(
                lowerBound: SIMD3(repeating: Double(range.lowerBound)),
                upperBound: SIMD3(repeating: Double(range.upperBound)))
            label = TransferLabel(gain: gain, offset: guidance - gain * source)
            weights = blocks.map { block in
                block.weight > 0 ? 1 / (1 + block.cost(of: label) / (block.weight * tolerance * tolerance)) : 0
            }
        }
        return label
    }

    /// The mean transforms of stretches of an order of the pixels.
    private static func means(of field: TransferField, order: [Int32]) -> [TransferLabel] {
        let count = min(stretches, order.count)
        return (0..<count).map { stretch in
            let places = stretch * order.count / count..<(stretch + 1) * order.count / count
            var (gain, offset) = (SIMD3<Double>.zero, SIMD3<Double>.zero)
            for place in places {
                let first = 8 * Int(order[place])
                for channel in 0..<3 {
                    gain[channel] += Double(field.values[first + channel])
                    offset[channel] += Double(field.values[first + 4 + channel])
                }
            }
            return TransferLabel(gain: gain / Double(places.count), offset: offset / Double(places.count))
        }
    }

    private static func chosen(
        from candidates: [TransferLabel], for blocks: [LabelBlocks.Moments], count: Int, workers: Workers
    ) -> [TransferLabel] {
        let step = max(1, (blocks.count + sampleLimit - 1) / sampleLimit)
        let sample = stride(from: 0, to: blocks.count, by: step).map { blocks[$0] }
        let costs = workers.map(candidates.count, grain: 1) { range in
            sample.map { $0.cost(of: candidates[range.lowerBound]) }
        }
        var best = [Double](repeating: .infinity, count: sample.count)
        var total = Double.infinity
        var chosen: [Int] = []
        while chosen.count < min(count, candidates.count) {
            let before = best
            let totals = workers.flatMap(candidates.count, grain: 8) { range in
                range.map { candidate in
                    var sum = 0.0
                    for (cost, least) in zip(costs[candidate], before) { sum += min(cost, least) }
                    return sum
                }
            }
            guard let next = totals.indices.min(by: { totals[$0] < totals[$1] }) else { break }
            guard chosen.isEmpty || totals[next] < total * (1 - leastGain) else { break }
            total = totals[next]
            chosen.append(next)
            for index in best.indices { best[index] = min(best[index], costs[next][index]) }
        }
        return chosen.map { candidates[$0] }
    }
}
