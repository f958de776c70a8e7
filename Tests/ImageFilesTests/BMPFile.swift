/// A BMP file put together by hand, field by field. Source: Microsoft, "Bitmap Header Types".
struct BMPFile {
    var headerSize = 40
    var width: Int
    /// Negative for rows from top to bottom.
    var height: Int
    var bits: Int
    var compression = 0
    /// Blue, green, red and for all headers but the core one an unused byte.
    var palette: [[UInt8]] = []
    var colorsUsed = 0
    var masks: [Int] = []
    var perMeter = (x: 0, y: 0)
    /// As stored: rows from the bottom (or the top) with their padding.
    var pixels: [UInt8]
    var profile: [UInt8] = []
    /// Nil for the place right after the palette.
    var offset: Int?

    var bytes: [UInt8] {
        func number(_ value: Int, _ size: Int = 4) -> [UInt8] { Bytes.littleEndian(value, size) }
        var header = number(headerSize)
        if headerSize == 12 {
            header += number(width, 2) + number(height, 2) + number(1, 2) + number(bits, 2)
        } else {
            header += number(width) + number(height) + number(1, 2) + number(bits, 2) + number(compression)
            header += number(pixels.count) + number(perMeter.x) + number(perMeter.y) + number(colorsUsed) + number(0)
            for mask in masks { header += number(mask) }
        }
        let masksBehind = headerSize == 40 ? 4 * masks.count : 0
        header += [UInt8](repeating: 0, count: max(headerSize + masksBehind - header.count, 0))
        let colors = palette.flatMap {
            headerSize == 12 ? Array($0.prefix(3)) : $0 + [UInt8](repeating: 0, count: 4 - $0.count)
        }
        let place = offset ?? 14 + header.count + colors.count
        if headerSize == 124 && !profile.isEmpty {
            header.replaceSubrange(56..<60, with: number(0x4D42_4544))
            header.replaceSubrange(112..<120, with: number(place - 14 + pixels.count) + number(profile.count))
        }
        let size = place + pixels.count + profile.count
        return Array("BM".utf8) + number(size) + number(0) + number(place) + header + colors + pixels + profile
    }
}
