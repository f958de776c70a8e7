/// The energy of Eq. 4, E = E_D + λ_L · E_L + λ_NL · E_NL, over gains a and offsets b a pixel and channel.
///
/// - E_D = Σ_p confidence(p) · ‖a·S + b − G‖²
/// - E_L = Σ_p Σ_q w(p, q) · ‖T_p − T_q‖² over the four neighbors q of p, w = 1 / (|Δ luminance|^1.2 + 1e-4)
/// - E_NL = the same over the neighbors in color (``NonlocalNeighbors``) and their weights
///
/// with T = (a, b) of all channels, S and G in Lab / 100, and sums over all pixels p, so that a pair counts twice.
/// Memory: 28 bytes per pixel beside the neighbors and the guidance image, which it shares.
package struct TransferEnergy: Sendable {
    /// Its terms, weights λ not yet applied, in (Lab / 100)².
    package struct Value: Sendable, Equatable {
        package var data: Double
        package var local: Double
        package var nonlocal: Double
        /// E_D + λ_L · E_L + λ_NL · E_NL.
        package var total: Double
    }

    package let width: Int
    package let height: Int
    package let localWeight: Float
    package let nonlocalWeight: Float
    package internal(set) var guidance: LabImage
    package let neighbors: NonlocalNeighbors
    /// Four floats a pixel: S / 100 and confidence.
    let packedSource: [Float]
    /// Two floats a pixel: weights to the right and lower neighbor.
    let localWeights: [Float]
    /// What both Laplacians have on their diagonal, λ applied.
    let degree: [Float]

    /// - Parameters:
    ///   - confidence: 0…1.
    ///   - luminance: of the source, 0…1.
    ///   - localWeight: λ_L.
    ///   - nonlocalWeight: λ_NL.
    /// - Precondition: all have the same size.
    package init(
        source: LabImage, guidance: LabImage, confidence: Plane, luminance: Plane, neighbors: NonlocalNeighbors,
        localWeight: Float, nonlocalWeight: Float, workers: Workers
    ) {
        precondition(
            [guidance.width, confidence.width, luminance.width].allSatisfy { $0 == source.width }
                && [guidance.height, confidence.height, luminance.height].allSatisfy { $0 == source.height }
                && neighbors.pixelCount == source.pixelCount, "all inputs of the energy have the size of the source")
        width = source.width
        height = source.height
        self.localWeight = localWeight
        self.nonlocalWeight = nonlocalWeight
        self.guidance = guidance
        self.neighbors = neighbors
        packedSource = TransferKernels.pack(source: source, confidence: confidence)
        localWeights = TransferKernels.localWeights(luminance: luminance, workers: workers)
        degree = TransferKernels.degree(
            width: width, height: height, localWeights: localWeights, localScale: 2 * localWeight,
            neighbors: neighbors, nonlocalScale: 2 * nonlocalWeight, workers: workers)
    }

    package var pixelCount: Int { width * height }

    /// The energy of a field, in double precision, the same for any number of threads.
    ///
    /// - Precondition: the field has the energy's size.
    package func value(of field: TransferField, workers: Workers = Workers(threads: 1)) -> Value {
        precondition(field.width == width && field.height == height, "the field has the size of the energy's images")
        return field.values.withUnsafeBufferPointer { TransferKernels.energy(of: $0, in: self, workers: workers) }
    }
}
