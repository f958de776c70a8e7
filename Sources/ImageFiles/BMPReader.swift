import Files

/// Reads BMP files: palettes of 1, 2, 4 and 8 bits, 16, 24 and 32 bits with any masks, run lengths, rows in both orders.
///
/// The fourth byte of 32 bits is alpha only where the header has a mask for it. Calibrated colors of a V4 header (endpoints
/// and gamma) are not followed: its writers leave them empty.
enum BMPReader {
    static func decode(_ bytes: [UInt8], path: String) throws(ImageFileError) -> ImageFile {
        let header = try BMPHeader(ByteReader(bytes: bytes), path: path)
        var metadata = ImageMetadata(
            format: .bmp, channels: header.masks.map { $0.alpha != 0 } == true ? 4 : 3, resolution: header.resolution)
        let pixels: [UInt8]
        switch header.compression {
        case .rle8, .rle4:
            let decoded = try BMPRunLengths(header, path: path).decode(bytes)
            pixels = colors(decoded.indices, header, warnings: &metadata.warnings)
            if decoded.skipsPixels {
                metadata.warnings.append("pixels that the run lengths skip took the first color of the palette")
            }
            if decoded.lacksEnd { metadata.warnings.append("the mark that ends the run lengths is missing") }
        case .none where header.masks == nil:
            pixels = try colors(indices(bytes, header, path: path), header, warnings: &metadata.warnings)
        case .none, .bitFields, .alphaBitFields:
            pixels = try direct(bytes, header, path: path)
            if header.hasDeepChannels { metadata.warnings.append("channels of more than 8 bits were rounded to 8") }
        }
        return try Codec.expand(
            pixels, width: header.width, height: header.height, channels: metadata.channels,
            iccProfile: header.iccProfile, metadata: metadata, path: path)
    }

    /// The stored row that image row `y` (from the top) is, as an offset into the file; checks that all rows are there.
    // bounded: sides have 32 bits and pixels 32, and `before` is checked
    private static func rows(
        _ bytes: [UInt8], _ header: BMPHeader, path: String
    ) throws(ImageFileError) -> (offset: Int, step: Int) {
        // Sides are at most 32 bits and pixels 32, so that nothing here can overflow 64.
        let used = (header.width * header.bitsPerPixel + 7) / 8
        let stride = (header.width * header.bitsPerPixel + 31) / 32 * 4
        let (before, overflow) = stride.multipliedReportingOverflow(by: header.height - 1)
        // The last row may lack its padding.
        guard !overflow, header.pixelOffset <= bytes.count, used <= bytes.count - header.pixelOffset,
            before <= bytes.count - header.pixelOffset - used
        else {
            throw BMPError.truncated(
                "\(header.height) rows of \(stride) bytes from byte \(header.pixelOffset) on", path)
        }
        return header.isTopDown ? (header.pixelOffset, stride) : (header.pixelOffset + before, -stride)
    }

    // bounded: ImageLimits held the sides and their product, and bits are 32 at the most
    private static func indices(
        _ bytes: [UInt8], _ header: BMPHeader, path: String
    ) throws(ImageFileError) -> [UInt8] {
        let (offset, step) = try rows(bytes, header, path: path)
        let bits = header.bitsPerPixel
        let mask = UInt8((1 << bits) - 1)
        var indices = [UInt8](repeating: 0, count: header.width * header.height)
        for y in 0..<header.height {
            let row = offset + y * step
            for x in 0..<header.width {
                let bit = x * bits
                indices[y * header.width + x] = bytes[row + bit / 8] >> UInt8(8 - bits - bit % 8) & mask
            }
        }
        return indices
    }

    /// The colors of palette indices; what lies beyond the palette is black, as in other readers.
    // bounded: ImageLimits held the sides and their product; a palette has 256 colors at the most
    private static func colors(_ indices: [UInt8], _ header: BMPHeader, warnings: inout [String]) -> [UInt8] {
        let black = BMPHeader.Color(red: 0, green: 0, blue: 0)
        let palette = header.palette + Array(repeating: black, count: max(0, 256 - header.palette.count))
        if indices.contains(where: { Int($0) >= header.palette.count }) {
            warnings.append("pixels with colors beyond the palette's \(header.palette.count) are black")
        }
        var pixels = [UInt8](repeating: 0, count: 3 * indices.count)
        for (i, index) in indices.enumerated() {
            let color = palette[Int(index)]
            pixels[3 * i] = color.red
            pixels[3 * i + 1] = color.green
            pixels[3 * i + 2] = color.blue
        }
        return pixels
    }

    // bounded: ImageLimits held the sides and their product, and bits are 32 at the most
    private static func direct(
        _ bytes: [UInt8], _ header: BMPHeader, path: String
    ) throws(ImageFileError) -> [UInt8] {
        let (offset, step) = try rows(bytes, header, path: path)
        let masks = header.masks ?? .eightBits
        let size = header.bitsPerPixel / 8
        let channels = ([masks.red, masks.green, masks.blue] + (masks.alpha == 0 ? [] : [masks.alpha])).map(
            BMPChannel.init)
        var pixels = [UInt8](repeating: 0, count: channels.count * header.width * header.height)
        var out = 0
        for y in 0..<header.height {
            var at = offset + y * step
            for _ in 0..<header.width {
                var value: UInt32 = 0
                for byte in 0..<size { value |= UInt32(bytes[at + byte]) << UInt32(8 * byte) }
                at += size
                for channel in channels {
                    pixels[out] = channel.sample(value)
                    out += 1
                }
            }
        }
        return pixels
    }
}

/// Takes one channel out of a pixel and scales it to 8 bits.
private struct BMPChannel {
    let mask: UInt32
    let shift: UInt32
    let top: UInt64

    // bounded: bits are counted, and grow to 64
    init(mask: UInt32) {
        self.mask = mask
        shift = UInt32(mask.trailingZeroBitCount)
        top = UInt64(mask >> shift)
    }

    // bounded: 33 bits times 255 fit into 64; what is divided by the top is 255 at the most
    func sample(_ pixel: UInt32) -> UInt8 {
        let value = UInt64((pixel & mask) >> shift)
        return top == 255 ? UInt8(truncatingIfNeeded: value) : UInt8((value * 255 + top / 2) / top)
    }
}

extension BMPHeader {
    fileprivate var hasDeepChannels: Bool {
        guard let masks else { return false }
        return [masks.red, masks.green, masks.blue, masks.alpha].contains { $0.nonzeroBitCount > 8 }
    }
}
