/// How a frame is cut into overlapping tiles, and how much each says where they overlap.
///
/// Cores cut the frame into a grid of about equal rectangles. A tile is its core grown by half of the ``blend`` and by
/// the `context`: across a border between cores the tiles' weights pass from one to the other over ``blend`` pixels,
/// smoothly, and the context outside of that has weight 0, so that what a tile gets wrong at its own border is not
/// seen. At every pixel of the frame the weights sum to 1.
package struct TileLayout: Sendable, Equatable {
    /// Along one axis.
    package struct Span: Sendable, Equatable {
        package let core: Range<Int>
        package let area: Range<Int>
    }

    package struct Tile: Sendable, Equatable {
        package let column: Int
        package let row: Int
        /// What is worked on.
        package let area: PixelArea
        /// The tile's own part of the frame.
        package let core: PixelArea
    }

    package let columns: [Span]
    package let rows: [Span]
    /// Pixels over which one tile gives way to the next; even.
    package let blend: Int

    /// The layout with the least work, tiles of at most `limit` pixels; where the limit is too small for the overlap,
    /// the one with the smallest tiles.
    ///
    /// - Parameters:
    ///   - context: pixels that a tile has around all that it says something about.
    ///   - alignment: tiles start at multiples of it, and end there or at the frame's end.
    package init(width: Int, height: Int, limit: Int, context: Int, blend: Int, alignment: Int) {
        func cuts(_ length: Int) -> [[Span]] {
            let most = max(1, min(Self.greatestCount, length / max(blend + 1, 2 * alignment)))
            return (1...most).map {
                Self.spans(length, count: $0, context: context, blend: blend, alignment: alignment)
            }
        }
        func cost(_ spans: [Span]) -> (longest: Int, sum: Int) {
            (spans.map(\.area.count).max() ?? 0, spans.reduce(0) { $0 + $1.area.count })
        }
        let (columnCuts, rowCuts) = (cuts(width), cuts(height))
        let (columnCosts, rowCosts) = (columnCuts.map(cost), rowCuts.map(cost))
        var best = (column: 0, row: 0, fits: false, value: Int.max)
        for (column, across) in columnCosts.enumerated() {
            for (row, down) in rowCosts.enumerated() {
                let largest = across.longest * down.longest
                let fits = largest <= limit
                let value = fits ? across.sum * down.sum : largest
                if fits != best.fits ? fits : value < best.value { best = (column, row, fits, value) }
            }
        }
        (columns, rows, self.blend) = (columnCuts[best.column], rowCuts[best.row], blend)
    }

    /// Tiles along an axis, at most.
    private static let greatestCount = 256

    private static func spans(_ length: Int, count: Int, context: Int, blend: Int, alignment: Int) -> [Span] {
        let borders = (0...count).map { $0 == count ? length : $0 * length / count / alignment * alignment }
        return (0..<count).map { index in
            let core = borders[index]..<borders[index + 1]
            let first = index == 0 ? 0 : max(0, core.lowerBound - blend / 2 - context) / alignment * alignment
            let end = (core.upperBound + blend / 2 + context + alignment - 1) / alignment * alignment
            return Span(core: core, area: first..<(index == count - 1 ? length : min(length, end)))
        }
    }

    /// Row by row.
    package var tiles: [Tile] {
        rows.enumerated().flatMap { row, down in
            columns.enumerated().map { column, across in
                func area(_ x: Range<Int>, _ y: Range<Int>) -> PixelArea {
                    PixelArea(x: x.lowerBound, y: y.lowerBound, width: x.count, height: y.count)
                }
                return Tile(
                    column: column, row: row, area: area(across.area, down.area), core: area(across.core, down.core))
            }
        }
    }

    /// The weights of a tile's columns and rows; a pixel's weight is the product of both.
    package func weights(of tile: Tile) -> (columns: [Float], rows: [Float]) {
        (weights(columns, tile.column), weights(rows, tile.row))
    }

    private func weights(_ spans: [Span], _ index: Int) -> [Float] {
        let span = spans[index]
        return span.area.map { position in
            let enters = index == 0 ? 1 : share(position, past: span.core.lowerBound)
            let leaves = index == spans.count - 1 ? 0 : share(position, past: span.core.upperBound)
            return enters - leaves
        }
    }

    /// How much the tile that begins at the border says of a position, 0…1: a cubic step without corners, since the
    /// eye sees where a gradient begins.
    private func share(_ position: Int, past border: Int) -> Float {
        guard blend > 0 else { return position >= border ? 1 : 0 }
        let place = min(1, max(0, (Float(position - border + blend / 2) + 0.5) / Float(blend)))
        return place * place * (3 - 2 * place)
    }
}
