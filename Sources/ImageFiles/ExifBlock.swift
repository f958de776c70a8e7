/// Writes the smallest EXIF block that holds a resolution, for densities that a JPEG's own header cannot express.
enum ExifBlock {
    static func make(resolution: ImageResolution) -> [UInt8] {
        var bytes: [UInt8] = [0x49, 0x49, 42, 0, 8, 0, 0, 0]
        func append(_ value: Int, size: Int) {
            for i in 0..<size { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * i))) }
        }
        let directory: [(tag: TagDirectory.Tag, type: Int, value: Int)] = [
            (.xResolution, 5, 50), (.yResolution, 5, 58), (.resolutionUnit, 3, 3),
        ]
        append(directory.count, size: 2)
        for entry in directory {
            append(entry.tag.rawValue, size: 2)
            append(entry.type, size: 2)
            append(1, size: 4)
            append(entry.value, size: 4)
        }
        append(0, size: 4)
        for perMeter in [resolution.x, resolution.y] {
            // Pixels per centimeter, to a hundredth where that fits.
            let fits = perMeter <= Double(UInt32.max)
            append(Int(min(fits ? perMeter : perMeter / 100, Double(UInt32.max)).rounded()), size: 4)
            append(fits ? 100 : 1, size: 4)
        }
        return bytes
    }
}
