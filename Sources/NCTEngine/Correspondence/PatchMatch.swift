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
/// Random start, then passes of propagation and random search. Random matches are not drawn from all of the target but
/// from its pixels of the same cell of color and label (``SearchMap/Cells``), as hashing does in Korman and Avidan's
/// Coherency Sensitive Hashing (2011), and from squares of a few pixels around the match: two passes then come as near as
/// four that draw anywhere. Rows are cut into strips that run in any order: inside a strip propagation sees what the scan
/// has just found, at its edge what the pass before had found. The cut moves by half a strip between passes, so nothing
/// stays behind an edge. Since strips and random numbers depend on size and seed alone, so does the field.
///
/// Both ways at once is better than one after the other: a match from S to R is a match from R to S of the same
/// distance, and after each pass it is offered to the other field. That saves about one pass in five.
///
/// Cost: about 6 patch distances per pixel and pass. None is cut short: over the flat parts of a smear patches differ by
/// noise alone, and no part of a distance tells the rest.
package enum PatchMatch {
    private static let stripRows = 32

    /// The fields from `first` to `second` and back.
    ///
    /// - Parameters:
    ///   - iterations: passes after the first, which starts from random matches. Each tries half of the radii.
    ///   - initial: a field from `first` to `second` to start from; positions that do not fit are replaced at random.
    ///   - reverseRows: the rows of `second` that are searched for; all, if nil. The others have no match of their own
    ///     in the field back.
    package static func searchBothWays(
        between first: SearchMap, and second: SearchMap, iterations: Int, seed: UInt64, initial: [UInt32]? = nil,
        reverseRows: [Range<Int>]? = nil, workers: Workers
    ) -> (forward: NearestNeighborField, reverse: NearestNeighborField) {
        var forward = Run(from: first, to: second, seed: seed, initial: initial, workers: workers)
        var reverse = Run(
            from: second, to: first, seed: SeededGenerator.mix(seed), initial: nil, rows: reverseRows,
            workers: workers)
        for index in 0...iterations {
            forward.pass(index, workers: workers)
            SearchKernels.exchange(forward.field, of: first, to: &reverse.field, of: second, workers: workers)
            reverse.pass(index, workers: workers)
            SearchKernels.exchange(reverse.field, of: second, to: &forward.field, of: first, workers: workers)
        }
        return (forward.field, reverse.field)
    }

    private struct Run {
        let source: SearchMap
        let target: SearchMap
        let seed: UInt64
        /// The rows that are searched for; all, if nil.
        let rows: [Range<Int>]?
        var field: NearestNeighborField

        init(
            from source: SearchMap, to target: SearchMap, seed: UInt64, initial: [UInt32]?, rows: [Range<Int>]? = nil,
            workers: Workers
        ) {
            self.source = source
            self.target = target
            self.seed = seed
            self.rows = rows
            let count = source.width * source.height
            field = NearestNeighborField(
                width: source.width, height: source.height,
                positions: initial ?? [UInt32](repeating: .max, count: count),
                distances: [UInt32](repeating: 0, count: count))
            precondition(field.positions.count == count, "the initial field needs the source's size")
            if let rows {
                // A match that any other is better than.
                field.distances = [UInt32](repeating: .max, count: count)
                field.positions = [UInt32](repeating: 0, count: count)
                for place in rows.joined() {
                    for index in place * field.width..<(place + 1) * field.width { field.positions[index] = .max }
                }
            }
            SearchKernels.measure(
                &field, source: source, target: target, seed: SeededGenerator.mix(seed &+ 1),
                strips: rows ?? strips(shift: 0), workers: workers)
        }

        mutating func pass(_ index: Int, workers: Workers) {
            let strips = rows ?? strips(shift: index % 2 == 0 ? 0 : stripRows / 2)
            SearchKernels.iterate(
                &field, source: source, target: target,
                seed: SeededGenerator.mix(seed &+ UInt64(index + 2) &* 0x9E37_79B9), backward: index % 2 == 1,
                strips: strips, workers: workers)
        }

        private func strips(shift: Int) -> [Range<Int>] {
            var strips: [Range<Int>] = []
            var start = 0
            while start < field.height {
                let end = min(field.height, start == 0 && shift > 0 ? shift : start + stripRows)
                strips.append(start..<end)
                start = end
            }
            return strips
        }
    }
}
