/// Decodes the run lengths of 8 and 4-bit BMP files (RLE8, RLE4) to palette indices, top row first.
///
/// Source: Microsoft, "Bitmap Compression". Pixels that the codes skip have index 0.
struct BMPRunLengths {
    private let header: BMPHeader
    private let path: String
    /// Some writers code the padding of the rows to four bytes too, which is then dropped.
    private let codedWidth: Int
    private var x = 0
    /// From the bottom.
    private var y = 0
    private var indices: [UInt8] = []
    private var written = 0

    // bounded: ImageLimits held the sides and their product, and bits are 32 at the most
    init(_ header: BMPHeader, path: String) {
        self.header = header
        self.path = path
        codedWidth = (header.width * header.bitsPerPixel + 31) / 32 * 32 / header.bitsPerPixel
    }

    /// What the codes say, and what was missing of them.
    struct Decoded {
        var indices: [UInt8]
        var skipsPixels: Bool
        /// The data ends with the last row instead of with the code that says so.
        var lacksEnd = false
    }

    /// - Throws: `truncated` where the data ends before the last row does, `corrupt` where it leaves the image.
    // bounded: ImageLimits held the sides and their product, and bits are 32 at the most; x and y grow by 255 a code, and a file has no 2^55 of them
    consuming func decode(_ bytes: [UInt8]) throws(ImageFileError) -> Decoded {
        guard header.pixelOffset < bytes.count else { throw BMPError.truncated("the run lengths are missing", path) }
        indices = [UInt8](repeating: 0, count: header.width * header.height)
        var at = header.pixelOffset
        func next() throws(ImageFileError) -> UInt8 {
            guard at < bytes.count else { throw BMPError.truncated("the run lengths are cut off", path) }
            defer { at += 1 }
            return bytes[at]
        }
        let perByte = header.bitsPerPixel == 8 ? 1 : 2
        codes: while true {
            if at >= bytes.count, y >= header.height || (y == header.height - 1 && x >= header.width) {
                return Decoded(indices: indices, skipsPixels: written < indices.count, lacksEnd: true)
            }
            let count = Int(try next())
            let value = try next()
            if count > 0 {
                for i in 0..<count { try put(value, nibble: i) }
                continue
            }
            switch value {
            case 0:
                x = 0
                y += 1
            case 1: break codes
            case 2:
                x += Int(try next())
                y += Int(try next())
            default:
                var byte: UInt8 = 0
                for i in 0..<Int(value) {
                    if i % perByte == 0 { byte = try next() }
                    try put(byte, nibble: i)
                }
                // Pixels as they are come in pairs of bytes.
                if ((Int(value) + perByte - 1) / perByte) % 2 == 1 { _ = try next() }
            }
        }
        return Decoded(indices: indices, skipsPixels: written < indices.count)
    }

    /// Sets the next pixel: the whole byte, or its high and low half in turns.
    // bounded: ImageLimits held the sides and their product, and bits are 32 at the most
    private mutating func put(_ byte: UInt8, nibble: Int) throws(ImageFileError) {
        guard x < codedWidth, y < header.height else {
            throw BMPError.corrupt("the run lengths leave the image", path)
        }
        guard x < header.width else {
            x += 1
            return
        }
        let index = header.bitsPerPixel == 8 ? byte : nibble % 2 == 0 ? byte >> 4 : byte & 15
        indices[(header.height - 1 - y) * header.width + x] = index
        x += 1
        written += 1
    }
}
