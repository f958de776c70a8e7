/// A square window about a white cell, scaled so that every cell fills about the same share of it.
///
/// Each of its pixels is the mean over a square of the field as wide as a step of the window, or as a pixel of the field
/// where that is more: an area average where the cell is reduced, linear interpolation where it is enlarged. Beyond its
/// edges the field goes on as at the edge.
package struct CellView: Sendable {
    /// Pixels either way.
    package let side: Int
    /// What each column and each row is made of.
    private let columns: Taps
    private let rows: Taps

    /// Width of the window of ``KindNet`` in diameters of a disk of the cell's area.
    private static let span: Float = 1.5

    /// - Parameters:
    ///   - region: the cell, in a field of `width × height` pixels.
    ///   - side: pixels either way; more than ``KindNet/side`` show more of what is around, at the same scale.
    package init(of region: WhiteCellRegions.Region, width: Int, height: Int, side: Int = KindNet.side) {
        self.side = side
        let diameter = (Float(region.area) * 4 / .pi).squareRoot()
        let step = Self.span * diameter / Float(KindNet.side)
        columns = Taps(center: region.center.x, step: step, count: side, size: width)
        rows = Taps(center: region.center.y, step: step, count: side, size: height)
    }

    /// The means of values of the field: `side × side × channels`.
    ///
    /// - Parameter value: writes the values of one pixel of the field, counted row by row.
    package func mean(
        channels: Int, of width: Int, _ value: (Int, UnsafeMutableBufferPointer<Float>) -> Void
    ) -> FeatureMap {
        var result = FeatureMap(width: side, height: side, channels: channels)
        var line = [Float](repeating: 0, count: columns.range.count * channels)
        var reduced = [Float](repeating: 0, count: side * channels)
        for y in rows.range {
            line.withUnsafeMutableBufferPointer { line in
                for (index, x) in columns.range.enumerated() {
                    value(
                        y * width + x,
                        UnsafeMutableBufferPointer(rebasing: line[index * channels..<(index + 1) * channels]))
                }
            }
            for index in reduced.indices { reduced[index] = 0 }
            for (column, tap) in columns.taps.enumerated() {
                for (offset, weight) in tap.weights.enumerated() {
                    let from = (tap.first + offset - columns.range.lowerBound) * channels
                    for channel in 0..<channels {
                        reduced[column * channels + channel] += weight * line[from + channel]
                    }
                }
            }
            for (row, tap) in rows.taps.enumerated() {
                guard y >= tap.first, y < tap.first + tap.weights.count else { continue }
                let weight = tap.weights[y - tap.first]
                let start = row * side * channels
                for index in reduced.indices { result.values[start + index] += weight * reduced[index] }
            }
        }
        return result
    }

    /// The pixels of one axis of the field that each pixel of the window is the weighted mean of.
    private struct Taps: Sendable {
        struct Tap: Sendable {
            var first: Int
            var weights: [Float]
        }

        let taps: [Tap]
        let range: Range<Int>

        /// - Parameters:
        ///   - center: of the window, in pixels of the field.
        ///   - step: pixels of the field a pixel of the window.
        ///   - count: pixels of the window.
        ///   - size: pixels of the field.
        init(center: Float, step: Float, count: Int, size: Int) {
            let width = max(step, 1)
            taps = (0..<count).map { index in
                let middle = center + (Float(index) + 0.5 - Float(count) / 2) * step
                let (start, end) = (middle - width / 2, middle + width / 2)
                let positions = Int(start.rounded(.down))..<Int(end.rounded(.up))
                let inside = positions.map { min(size - 1, max(0, $0)) }
                var tap = Tap(first: inside[0], weights: [Float](repeating: 0, count: inside.last! - inside[0] + 1))
                for (position, pixel) in zip(positions, inside) {
                    let covered = min(end, Float(position + 1)) - max(start, Float(position))
                    tap.weights[pixel - tap.first] += max(0, covered) / width
                }
                return tap
            }
            range = taps[0].first..<taps.map { $0.first + $0.weights.count }.max()!
        }
    }
}
