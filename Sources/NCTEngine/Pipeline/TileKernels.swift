/// The loops that put tiles together.
package enum TileKernels {
    private static let grain = 16

    /// Adds a tile's pixels, each times the product of its column's and its row's weight, to a frame's.
    ///
    /// - Parameters:
    ///   - origin: of the tile in the frame.
    /// - Precondition: the tile lies within the frame and has a weight a column and a row.
    package static func add(
        _ tile: LabImage, at origin: (x: Int, y: Int), weights: (columns: [Float], rows: [Float]),
        to frame: inout LabImage, workers: Workers
    ) {
        precondition(weights.columns.count == tile.width && weights.rows.count == tile.height)
        precondition(origin.x + tile.width <= frame.width && origin.y + tile.height <= frame.height)
        let stride = frame.width
        frame.samples.withUnsafeMutableBufferPointer { output in
            tile.samples.withUnsafeBufferPointer { input in
                guard let source = input.baseAddress, let target = output.baseAddress else { return }
                let (from, to) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(tile.height, grain: grain) { range in
                    for y in range where weights.rows[y] != 0 {
                        let read = from.base + 3 * y * tile.width
                        let write = to.base + 3 * ((origin.y + y) * stride + origin.x)
                        for x in 0..<tile.width {
                            let weight = weights.rows[y] * weights.columns[x]
                            for channel in 0..<3 { write[3 * x + channel] += weight * read[3 * x + channel] }
                        }
                    }
                }
            }
        }
    }
}
