/// Writes BMP files from bottom to top: 24 bits, with the V5 header, which says that they are sRGB.
enum BMPWriter {
    static func encode(_ file: ImageFile) throws(ImageFileError) -> [UInt8] {
        let (width, height) = (file.image.width, file.image.height)
        let (channels, headerSize) = (3, 124)
        let pixelOffset = BMPHeader.start + headerSize
        let stride = (width * channels + 3) / 4 * 4
        let (pixelCount, overflow) = stride.multipliedReportingOverflow(by: height)
        guard !overflow, width <= Int(Int32.max), height <= Int(Int32.max),
            pixelCount <= Int(UInt32.max) - pixelOffset
        else {
            throw ImageFileError(
                .unsupported, "the format holds at most 4 GiB, too few for \(width) × \(height) pixels",
                path: "bmp output", remedy: "write PNG or TIFF")
        }
        let size = pixelOffset + pixelCount
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        func append(_ value: Int, _ count: Int = 4) {
            for i in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
        }
        func perMeter(_ value: Double?) -> Int { Int(min(max(value ?? 0, 0), Double(Int32.max)).rounded()) }

        append(0x4D42, 2)
        append(size)
        append(0)
        append(pixelOffset)
        append(headerSize)
        append(width)
        append(height)
        append(1, 2)
        append(8 * channels, 2)
        append(BMPHeader.Compression.none.rawValue)
        append(pixelCount)
        append(perMeter(file.metadata.resolution?.x))
        append(perMeter(file.metadata.resolution?.y))
        append(0)
        append(0)
        // No masks, the color space, endpoints and gammas (unused), intent: relative colorimetric; no profile.
        for _ in 0..<4 { append(0) }
        append(BMPHeader.standardRGB)
        for _ in 0..<12 { append(0) }
        append(2)
        for _ in 0..<3 { append(0) }

        let samples = Codec.samples(file.image, depth: 8)
        let padding = stride - width * channels
        for y in (0..<height).reversed() {
            for x in 0..<width {
                let at = (y * width + x) * channels
                bytes.append(samples[at + 2])
                bytes.append(samples[at + 1])
                bytes.append(samples[at])
            }
            for _ in 0..<padding { bytes.append(0) }
        }
        return bytes
    }
}
