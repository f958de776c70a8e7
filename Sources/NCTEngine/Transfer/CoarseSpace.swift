/// The coarse space of ``LeastSquaresSolver``: pixels of one color share a gain and an offset.
///
/// The few directions in which conjugate gradients creep are changes of a whole color's gain against its offset: the
/// data hardly hold them, since one color says nothing about gain against offset, and a single pixel can hardly move
/// against its neighbors in color, wherever they are. They are nearly constant over a stretch of the order that those
/// neighbors come from, so this small system, solved exactly, removes them. Stretches of pixels do so in half the
/// iterations that as many square blocks of the image take, and in hardly more of them on larger images.
struct CoarseSpace: Sendable {
    /// Bounds the dense system: 2 unknowns an aggregate, a channel.
    static let greatestCount = 250
    /// On small images a smaller system costs less than the iterations that it saves.
    static let pixelsEach = 500

    /// Number of aggregates.
    let count: Int
    /// Each pixel's aggregate.
    let aggregates: [UInt16]
    /// Cholesky factors of the normal equations of the three channels, `2 count × 2 count`.
    let factors: [[Double]]

    init(_ energy: TransferEnergy, workers: Workers) {
        (aggregates, count) = Self.aggregates(order: energy.neighbors.order)
        factors = CoarseKernels.factors(energy, aggregates: aggregates, count: count, workers: workers)
    }

    /// Cuts an order of all pixels into stretches of the same length.
    static func aggregates(order: [Int32]) -> (numbers: [UInt16], count: Int) {
        let count = min(order.count, max(16, min(greatestCount, order.count / pixelsEach)))
        var numbers = [UInt16](repeating: 0, count: order.count)
        for aggregate in 0..<count {
            for place in aggregate * order.count / count..<(aggregate + 1) * order.count / count {
                numbers[Int(order[place])] = UInt16(aggregate)
            }
        }
        return (numbers, count)
    }
}
