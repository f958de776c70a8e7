/// Small blocks of pixels of one cluster, with the moments of source and guidance in each: what a label costs a block
/// follows from them, without a look at its pixels.
package struct LabelBlocks: Sendable {
    /// Pixels of a block each way.
    static let side = 4

    /// Confidence-weighted sums over a block's pixels, S and G in Lab / 100.
    struct Moments: Sendable {
        var weight = 0.0
        var source = SIMD3<Double>.zero
        var sourceSquared = SIMD3<Double>.zero
        var guidance = SIMD3<Double>.zero
        var product = SIMD3<Double>.zero
        var guidanceSquared = SIMD3<Double>.zero

        /// Σ confidence · ‖gain · S + offset − G‖².
        func cost(of label: TransferLabel) -> Double {
            let (a, b) = (label.gain, label.offset)
            let squares = a * a * sourceSquared + 2 * a * b * source + weight * b * b
            return max(0, (squares - 2 * (a * product + b * guidance) + guidanceSquared).sum())
        }

        mutating func add(_ other: Moments, scaledBy factor: Double = 1) {
            weight += factor * other.weight
            source += factor * other.source
            sourceSquared += factor * other.sourceSquared
            guidance += factor * other.guidance
            product += factor * other.product
            guidanceSquared += factor * other.guidanceSquared
        }
    }

    /// Each pixel's block.
    let blocks: [Int32]
    let moments: [Moments]
    /// Each block's cluster, and the cell of the image that it lies in (``cellsEachWay`` each way).
    let clusters: [UInt8]
    let cells: [Int]
    static let cellsEachWay = 4

    init(_ energy: TransferEnergy) {
        let (width, height, side) = (energy.width, energy.height, Self.side)
        let columns = (width + side - 1) / side
        var blocks = [Int32](repeating: 0, count: energy.pixelCount)
        var moments: [Moments] = []
        var clusters: [UInt8] = []
        var cells: [Int] = []
        // The blocks of a row of places, by cluster.
        var numbers = [Int32](repeating: -1, count: columns * 256)
        for y in 0..<height {
            if y % side == 0 { for index in numbers.indices { numbers[index] = -1 } }
            for x in 0..<width {
                let pixel = y * width + x
                let cluster = energy.neighbors.clusters?.bytes[pixel] ?? 0
                let place = x / side * 256 + Int(cluster)
                if numbers[place] < 0 {
                    numbers[place] = Int32(moments.count)
                    moments.append(Moments())
                    clusters.append(cluster)
                    cells.append(y * Self.cellsEachWay / height * Self.cellsEachWay + x * Self.cellsEachWay / width)
                }
                blocks[pixel] = numbers[place]
                let (s, g, confidence) = energy.pixel(pixel)
                let weighted = confidence * s
                moments[Int(numbers[place])].weight += confidence
                moments[Int(numbers[place])].source += weighted
                moments[Int(numbers[place])].sourceSquared += weighted * s
                moments[Int(numbers[place])].guidance += confidence * g
                moments[Int(numbers[place])].product += weighted * g
                moments[Int(numbers[place])].guidanceSquared += confidence * g * g
            }
        }
        (self.blocks, self.moments, self.clusters, self.cells) = (blocks, moments, clusters, cells)
    }

    /// Each cluster's sums, those without any confidence left out.
    func byCluster() -> [UInt8: Moments] {
        var sums: [UInt8: Moments] = [:]
        for (cluster, moments) in zip(clusters, moments) { sums[cluster, default: Moments()].add(moments) }
        return sums.filter { $0.value.weight > 0 }
    }

    /// For each block the cheapest `count` labels, a bit each; of equal ones those that stand first.
    func candidates(_ labels: [TransferLabel], count: Int, workers: Workers) -> [UInt64] {
        guard count < labels.count else {
            return [UInt64](repeating: .max, count: moments.count)
        }
        return workers.flatMap(moments.count, grain: 1024) { range in
            range.map { block in
                let costs = labels.map { moments[block].cost(of: $0) }
                var chosen: UInt64 = 0
                for _ in 0..<count {
                    var best = -1
                    for label in labels.indices where chosen >> UInt64(label) & 1 == 0 {
                        if best < 0 || costs[label] < costs[best] { best = label }
                    }
                    chosen |= 1 << UInt64(best)
                }
                return chosen
            }
        }
    }
}

extension TransferEnergy {
    /// S and G in Lab / 100, and the confidence.
    func pixel(_ pixel: Int) -> (source: SIMD3<Double>, guidance: SIMD3<Double>, confidence: Double) {
        func triple(_ values: [Float], _ first: Int) -> SIMD3<Double> {
            SIMD3(Double(values[first]), Double(values[first + 1]), Double(values[first + 2]))
        }
        return (
            triple(packedSource, 4 * pixel), 0.01 * triple(guidance.samples, 3 * pixel),
            Double(packedSource[4 * pixel + 3])
        )
    }
}
