/// The coarse space of ``LeastSquaresSolver``: pixels of one cluster within one square block share a gain and an
/// offset.
///
/// The few directions in which conjugate gradients creep are changes of a whole region's gain against its offset:
/// the data hardly hold them, since colors within a region vary little, and a single pixel can hardly move against
/// its neighbors. They are nearly constant in a block and cluster, so this small system, solved exactly, removes them.
struct CoarseSpace: Sendable {
    /// Bounds the dense system: 2 unknowns an aggregate, a channel.
    static let greatestCount = 256

    /// Number of aggregates.
    let count: Int
    /// Each pixel's aggregate.
    let aggregates: [UInt16]
    /// Cholesky factors of the normal equations of the three channels, `2 count × 2 count`.
    let factors: [[Double]]

    init(_ energy: TransferEnergy, workers: Workers) {
        (aggregates, count) = Self.aggregates(
            width: energy.width, height: energy.height, clusters: energy.neighbors.clusters)
        factors = CoarseKernels.factors(energy, aggregates: aggregates, count: count, workers: workers)
    }

    /// Numbers the (block, cluster) pairs that occur, with the smallest blocks that keep within ``greatestCount``.
    static func aggregates(width: Int, height: Int, clusters: LabelMap?) -> (numbers: [UInt16], count: Int) {
        var side = max(4, Int((Double(width * height) / Double(greatestCount / 2)).squareRoot()))
        while true {
            if let found = numbers(width: width, height: height, clusters: clusters, side: side) { return found }
            side += (side + 3) / 4
        }
    }

    private static func numbers(
        width: Int, height: Int, clusters: LabelMap?, side: Int
    ) -> (numbers: [UInt16], count: Int)? {
        let across = (width + side - 1) / side
        let blocks = across * ((height + side - 1) / side)
        var known = [Int](repeating: -1, count: blocks * 256)
        var numbers = [UInt16](repeating: 0, count: width * height)
        var count = 0
        for y in 0..<height {
            for x in 0..<width {
                let pixel = y * width + x
                let pair = (y / side * across + x / side) * 256 + Int(clusters?.labels[pixel] ?? 0)
                if known[pair] < 0 {
                    // One block of all pixels has no smaller count: its clusters are at most 256.
                    guard count < greatestCount else { return nil }
                    known[pair] = count
                    count += 1
                }
                numbers[pixel] = UInt16(known[pair])
            }
        }
        return (numbers, count)
    }
}
