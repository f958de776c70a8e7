import NCTEngine
import Testing

@Suite("TileLayout")
struct TileLayoutTests {
    private struct Case: CustomTestStringConvertible {
        let width: Int, height: Int, limit: Int, context: Int, blend: Int, alignment: Int

        var layout: TileLayout {
            TileLayout(
                width: width, height: height, limit: limit, context: context, blend: blend, alignment: alignment)
        }

        var testDescription: String { "\(width)×\(height) by \(limit)" }
    }

    private static let cases = [
        Case(width: 5500, height: 4000, limit: 2_000_000, context: 9, blend: 64, alignment: 1),
        Case(width: 2592, height: 1944, limit: 2_000_000, context: 12, blend: 64, alignment: 2),
        Case(width: 641, height: 479, limit: 65_536, context: 40, blend: 64, alignment: 16),
        Case(width: 20_000, height: 90, limit: 65_536, context: 9, blend: 64, alignment: 1),
        Case(width: 300, height: 300, limit: 1_000_000, context: 9, blend: 64, alignment: 1),
    ]

    @Test("Cores cover every pixel exactly once", arguments: cases)
    private func cores(_ frame: Case) {
        var counts = [UInt8](repeating: 0, count: frame.width * frame.height)
        for tile in frame.layout.tiles {
            for y in tile.core.y..<tile.core.y + tile.core.height {
                for x in tile.core.x..<tile.core.x + tile.core.width { counts[y * frame.width + x] += 1 }
            }
        }
        #expect(counts.allSatisfy { $0 == 1 })
    }

    @Test("Weights sum to 1 at every pixel and are 0 in a tile's context", arguments: cases)
    private func weights(_ frame: Case) {
        let layout = frame.layout
        var sums = [Float](repeating: 0, count: frame.width * frame.height)
        for tile in layout.tiles {
            let (columns, rows) = layout.weights(of: tile)
            #expect(columns.count == tile.area.width && rows.count == tile.area.height)
            #expect((columns + rows).allSatisfy { (0...1).contains($0) })
            if tile.area.x > 0 { #expect(columns.prefix(frame.context).allSatisfy { $0 == 0 }) }
            if tile.area.y > 0 { #expect(rows.prefix(frame.context).allSatisfy { $0 == 0 }) }
            if tile.area.x + tile.area.width < frame.width {
                #expect(columns.suffix(frame.context).allSatisfy { $0 == 0 })
            }
            if tile.area.y + tile.area.height < frame.height {
                #expect(rows.suffix(frame.context).allSatisfy { $0 == 0 })
            }
            for y in 0..<tile.area.height {
                for x in 0..<tile.area.width {
                    sums[(tile.area.y + y) * frame.width + tile.area.x + x] += columns[x] * rows[y]
                }
            }
        }
        #expect(sums.allSatisfy { abs($0 - 1) < 1e-5 })
    }

    @Test("Tiles overlap by blend and twice the context, begin on the grid, and keep to the limit", arguments: cases)
    private func overlaps(_ frame: Case) {
        let layout = frame.layout
        for spans in [layout.columns, layout.rows] {
            for (first, second) in zip(spans, spans.dropFirst()) {
                let overlap = first.area.upperBound - second.area.lowerBound
                #expect(overlap >= frame.blend + 2 * frame.context)
                #expect(overlap < frame.blend + 2 * frame.context + 2 * frame.alignment)
            }
            for span in spans {
                #expect(span.area.lowerBound.isMultiple(of: frame.alignment))
                // A pixel is blended by at most two tiles an axis.
                #expect(spans.count == 1 || span.core.count > frame.blend)
            }
        }
        for tile in layout.tiles { #expect(tile.area.pixelCount <= frame.limit) }
        #expect((layout.tiles.count == 1) == (frame.width * frame.height <= frame.limit))
    }

    @Test("The overlap of 22 megapixels in tiles of 2 costs less than a seventh more pixels")
    func cost() {
        let layout = Self.cases[0].layout
        let pixels = layout.tiles.reduce(0) { $0 + $1.area.pixelCount }
        print("\(layout.tiles.count) tiles, \(Double(pixels) / 22_000_000) of the frame's pixels")
        #expect(Double(pixels) < 1.14 * 22_000_000)
    }

    @Test("Where the limit leaves no room for the overlap, the tiles are as small as they can be, and few more")
    func tooSmall() {
        let layout = TileLayout(width: 4000, height: 3000, limit: 10_000, context: 200, blend: 64, alignment: 16)
        #expect(layout.tiles.count > 1)
        #expect(layout.tiles.allSatisfy { $0.area.pixelCount < 800 * 800 })
    }
}
