/// Every pixel's eight neighbors in color within its cluster, for the nonlocal term E_NL (He et al., section 4.2).
///
/// **Approximate.** The exact eight nearest of some 300,000 pixels would take longer than all other steps together.
/// Instead the pixels are sorted by cluster and by their place on a Hilbert curve through CIELAB; pixels of equal
/// color (to 1/8 of a unit) follow in random order, so that they link across the whole image. A pixel's neighbors are
/// those just before and just after it in that order. With two curves, shifted and turned against each other, half of
/// the neighbors come from each, and what one curve separates the other one joins. The tests bound the mean distance
/// against the exact neighbors'. What it brings: the graph is symmetric and, in a curve's order, banded, so that its
/// Laplacian costs one pass through the pixels; weights fall with distance, so a bad neighbor has little say.
///
/// Weights are exp(1 − d / 3) / 8 with d the distance ΔE*ab.
package struct NonlocalNeighbors: Sendable {
    /// One order of all pixels and the weights of the links to the next ``reach`` pixels in it.
    package struct Curve: Sendable {
        package let order: [Int32]
        /// `order.count × reach`; zero past the end and into other clusters.
        package let weights: [Float]
        package let reach: Int
    }

    package let pixelCount: Int
    /// The clusters that neighbors keep within, nil if there is only one.
    package let clusters: LabelMap?
    package let curves: [Curve]

    /// Cost: a radix sort a curve. Deterministic in `seed`.
    ///
    /// - Parameters:
    ///   - clusters: nil puts all pixels into one cluster.
    ///   - curveCount: 1 (four neighbors each way) or 2 (two each way on each curve).
    package init(source: LabImage, clusters: LabelMap?, seed: UInt64, curveCount: Int = 1, workers: Workers) {
        precondition(curveCount == 1 || curveCount == 2, "one curve or two")
        precondition(
            clusters.map { $0.width == source.width && $0.height == source.height } ?? true,
            "clusters have the size of their source")
        pixelCount = source.pixelCount
        self.clusters = clusters
        curves = (0..<curveCount).map { index in
            let axes: [Int32] = index == 0 ? [0, 1, 2] : [2, 0, 1]
            let shift: [Int32] = index == 0 ? [0, 0, 0] : [611, 73, 101]
            let order = TransferKernels.colorOrder(
                source: source, clusters: clusters, seed: seed &+ UInt64(index), axes: axes, shift: shift,
                workers: workers)
            let reach = 4 / curveCount
            let weights = TransferKernels.colorWeights(
                source: source, clusters: clusters, order: order, reach: reach, workers: workers)
            return Curve(order: order, weights: weights, reach: reach)
        }
    }

    /// Calls `body` once for each linked pair of pixels with the pair's weight.
    package func forEachPair(_ body: (_ first: Int, _ second: Int, _ weight: Float) -> Void) {
        for curve in curves {
            for place in 0..<pixelCount {
                for step in 1...curve.reach where place + step < pixelCount {
                    let weight = curve.weights[place * curve.reach + step - 1]
                    if weight > 0 { body(Int(curve.order[place]), Int(curve.order[place + step]), weight) }
                }
            }
        }
    }
}
