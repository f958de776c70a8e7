/// Writes BMP files from bottom to top: 24 bits with the Windows 3 header, or where there is an ICC profile or alpha, the
/// V5 header, which can hold them (alpha as 32 bits with masks).
enum BMPWriter {
    static func encode(_ file: ImageFile) throws(ImageFileError) -> [UInt8] {
        let (width, height) = (file.image.width, file.image.height)
        let channels = file.alpha == nil ? 3 : 4
        let icc = file.metadata.iccProfile.flatMap { ICCProfile.isRGB($0) ? $0 : nil } ?? []
        let headerSize = channels == 4 || !icc.isEmpty ? 124 : 40
        let pixelOffset = BMPHeader.start + headerSize
        let stride = (width * channels + 3) / 4 * 4
        let (pixelCount, overflow) = stride.multipliedReportingOverflow(by: height)
        guard !overflow, width <= Int(Int32.max), height <= Int(Int32.max),
            pixelCount <= Int(UInt32.max) - pixelOffset - icc.count
        else {
            throw ImageFileError(
                .unsupported, "the format holds at most 4 GiB, too few for \(width) × \(height) pixels",
                path: "bmp output", remedy: "write PNG or TIFF")
        }
        let size = pixelOffset + pixelCount + icc.count
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
        append((channels == 4 ? BMPHeader.Compression.bitFields : .none).rawValue)
        append(pixelCount)
        append(perMeter(file.metadata.resolution?.x))
        append(perMeter(file.metadata.resolution?.y))
        append(0)
        append(0)
        if headerSize == 124 {
            // Masks, color space, endpoints and gammas (unused), intent: images; the profile's place.
            for mask in channels == 4 ? [0x00FF_0000, 0x0000_FF00, 0x0000_00FF, 0xFF00_0000] : [0, 0, 0, 0] {
                append(mask)
            }
            append(icc.isEmpty ? BMPHeader.standardRGB : BMPHeader.embeddedProfile)
            for _ in 0..<12 { append(0) }
            append(4)
            append(icc.isEmpty ? 0 : headerSize + pixelCount)
            append(icc.count)
            append(0)
        }

        let samples = Codec.samples(file.image, alpha: file.alpha, depth: 8)
        let padding = stride - width * channels
        for y in (0..<height).reversed() {
            for x in 0..<width {
                let at = (y * width + x) * channels
                bytes.append(samples[at + 2])
                bytes.append(samples[at + 1])
                bytes.append(samples[at])
                if channels == 4 { bytes.append(samples[at + 3]) }
            }
            for _ in 0..<padding { bytes.append(0) }
        }
        bytes.append(contentsOf: icc)
        return bytes
    }
}
