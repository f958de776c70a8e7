/// Step 5: the guidance image and its matching error by bidirectional similarity voting (Simakov, Caspi, Shechtman,
/// Irani 2008).
///
/// Every pixel of S averages the colors that the S→R patches covering it bring, and, with weight w, those that R→S
/// patches bring. The same vote on features, compared with S's own features, gives the matching error.
package struct BidirectionalVote: Sendable {
    /// The guidance image G, at the grid of the search.
    package let guidance: LabImage
    /// 0…1: one minus the matching error over the error expected of two random pixels of the references.
    package let confidence: Plane

    /// - Parameters:
    ///   - colors: the target's colors laid out by ``SearchMap/padded(_:)``.
    ///   - reverseRows: the target's rows that vote; all, if nil.
    ///   - weight: w, completeness against coherence.
    ///   - randomError: expected squared feature distance of two random pixels, in stored units.
    package init(
        source: SearchMap, target: SearchMap, colors: [Float], forward: NearestNeighborField,
        reverse: NearestNeighborField, reverseRows: [Range<Int>]? = nil, weight: Float, randomError: Float,
        workers: Workers
    ) {
        let (starts, entries) = Self.inverse(
            of: reverse, over: target, rows: reverseRows, pixels: source.width, source.height)
        let (guidance, errors) = SearchKernels.vote(
            source: source, target: target, colors: colors, field: forward.positions, reverseStarts: starts,
            reverse: entries, weight: weight, workers: workers)
        self.guidance = LabImage(width: source.width, height: source.height, samples: guidance)
        let scale = 1 / max(randomError, 1e-12)
        confidence = Plane(
            width: source.width, height: source.height, values: errors.map { min(1, max(0, 1 - $0 * scale)) })
    }

    /// For each pixel of S, the pixels of R whose match it is (a counting sort; R's order is kept).
    package static func inverse(
        of field: NearestNeighborField, over target: SearchMap, rows: [Range<Int>]? = nil, pixels width: Int,
        _ height: Int
    ) -> (starts: [UInt32], entries: [UInt32]) {
        var starts = [UInt32](repeating: 0, count: width * height + 1)
        func pixel(_ position: UInt32) -> Int { Int(position >> 16) * width + Int(position & 0xFFFF) }
        let rows = rows.map { Array($0.joined()) } ?? Array(0..<target.height)
        for region in target.regions {
            for y in rows where y < region.height {
                for x in region.x..<region.x + region.width {
                    starts[pixel(field.positions[y * field.width + x]) + 1] += 1
                }
            }
        }
        for index in 1..<starts.count { starts[index] += starts[index - 1] }
        var next = starts
        var entries = [UInt32](repeating: 0, count: Int(starts.last!))
        for region in target.regions {
            for y in rows where y < region.height {
                for x in region.x..<region.x + region.width {
                    let at = pixel(field.positions[y * field.width + x])
                    entries[Int(next[at])] = UInt32(y) << 16 | UInt32(x)
                    next[at] += 1
                }
            }
        }
        return (starts, entries)
    }
}
