/// A nearest-neighbor field: for every pixel, where in the other map the most similar 3×3 patch lies.
package struct NearestNeighborField: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// Packed positions, y << 16 | x.
    package var positions: [UInt32]
    /// Squared patch distances in stored units.
    package var distances: [UInt32]

    package init(width: Int, height: Int, positions: [UInt32], distances: [UInt32]) {
        self.width = width
        self.height = height
        self.positions = positions
        self.distances = distances
    }
}

/// Step 4: PatchMatch (Barnes, Shechtman, Finkelstein, Goldman 2009) with 3×3 patches.
///
/// Random start, then iterations of propagation and random search with a shrinking radius. Rows are cut into strips
/// that run in any order: inside a strip propagation sees what the scan has just found, at its edge what the iteration
/// before had found. The cut moves by half a strip between iterations, so nothing stays behind an edge. Since strips
/// and random numbers depend on size and seed alone, so does the field.
///
/// Cost: about 11 patch distances a pixel and iteration, most of them ended after the first of three rows.
package enum PatchMatch {
    private static let stripRows = 32

    /// - Parameters:
    ///   - initial: a field to start from (its positions must fit `target`, or they are replaced at random).
    package static func search(
        from source: SearchMap, to target: SearchMap, iterations: Int, seed: UInt64,
        initial: [UInt32]? = nil, workers: Workers
    ) -> NearestNeighborField {
        let count = source.width * source.height
        var field = NearestNeighborField(
            width: source.width, height: source.height,
            positions: initial ?? [UInt32](repeating: .max, count: count),
            distances: [UInt32](repeating: 0, count: count))
        precondition(field.positions.count == count, "the initial field needs the source's size")
        let height = source.height
        SearchKernels.measure(
            &field, source: source, target: target, seed: SeededGenerator.mix(seed &+ 1), strip: stripRows,
            workers: workers)
        for iteration in 0..<iterations {
            let shift = iteration % 2 == 0 ? 0 : stripRows / 2
            var strips: [Range<Int>] = []
            var start = 0
            while start < height {
                let end = min(height, start == 0 && shift > 0 ? shift : start + stripRows)
                strips.append(start..<end)
                start = end
            }
            SearchKernels.iterate(
                &field, source: source, target: target,
                seed: SeededGenerator.mix(seed &+ UInt64(iteration + 2) &* 0x9E37_79B9), backward: iteration % 2 == 1,
                strips: strips, workers: workers)
        }
        return field
    }
}
