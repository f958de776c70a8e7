/// Every pixel's eight neighbors in color within its cluster, for the nonlocal term E_NL (He et al., section 4.2).
///
/// **Approximate.** The exact eight nearest of some 300,000 pixels would take longer than all other steps together.
/// Instead the pixels are sorted by cluster and by their place on a Hilbert curve through CIELAB; pixels of equal
/// color (to 1/8 of a unit) follow in random order, so that they link across the whole image. A pixel's neighbors are
/// those just before and just after it in that order, four each way. The tests bound the mean distance against the
/// exact neighbors'. What it brings: the graph is symmetric and, in the curve's order, banded, so that its Laplacian
/// costs one pass through the pixels; weights fall with distance, so a bad neighbor has little say.
///
/// Weights are exp(1 − d / 3) / 8 with d the distance ΔE*ab.
package struct NonlocalNeighbors: Sendable {
    /// Links of a place in the order to the places after it.
    package static let reach = 4

    package let pixelCount: Int
    /// Those that neighbors keep within; nil: all pixels are one.
    package let clusters: LabelMap<Cluster>?
    /// All pixels as they lie on the curve.
    package let order: [Int32]
    /// `pixelCount × reach`, of the links to the next ``reach`` places; zero past the end and into other clusters.
    package let weights: [Float]

    /// Cost: a radix sort. Deterministic in `seed`.
    ///
    /// - Parameters:
    ///   - clusters: those that neighbors keep within; nil puts all pixels into one.
    package init(source: LabImage, clusters: LabelMap<Cluster>?, seed: UInt64, workers: Workers) {
        precondition(
            clusters.map { $0.width == source.width && $0.height == source.height } ?? true,
            "clusters have the size of their source")
        pixelCount = source.pixelCount
        self.clusters = clusters
        order = TransferKernels.colorOrder(source: source, clusters: clusters, seed: seed, workers: workers)
        weights = TransferKernels.colorWeights(
            source: source, clusters: clusters, order: order, reach: Self.reach, workers: workers)
    }

    /// Calls `body` once for each linked pair of pixels with the pair's weight.
    package func forEachPair(_ body: (_ first: Int, _ second: Int, _ weight: Float) -> Void) {
        for place in 0..<pixelCount {
            for step in 1...Self.reach where place + step < pixelCount {
                let weight = weights[place * Self.reach + step - 1]
                if weight > 0 { body(Int(order[place]), Int(order[place + step]), weight) }
            }
        }
    }
}
