import CImageCodecs

/// How a file's colors were brought to sRGB.
public struct ColorConversion: Sendable, Equatable, Codable {
    /// What told of the colors.
    public enum Origin: String, Sendable, Codable {
        /// The embedded ICC profile.
        case profile
        /// Gamma and chromaticities: of a PNG's gAMA and cHRM, or of a TIFF's tags.
        case tags
        /// EXIF: a camera in Adobe RGB.
        case exif
        /// The color model itself: CIELAB, or CMYK without a profile.
        case model
    }

    public var origin: Origin
    /// What the profile calls itself, or the color space.
    public var from: String

    /// White, red, green and blue of Adobe RGB (1998), x and y, and its exponent.
    private static let adobe = (
        chromaticities: [0.3127, 0.3290, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06], gamma: 563.0 / 256
    )

    /// Brings a raster to sRGB in place; nil where its samples are that already.
    ///
    /// - Parameter warnings: takes that a profile cannot be used; the samples are then taken for sRGB.
    static func apply(
        to raster: inout nct_raster, isAdobeRGB: Bool, warnings: inout [String], path: String
    ) throws(ImageFileError) -> ColorConversion? {
        let isByExif = isAdobeRGB && raster.icc == nil && raster.model == NCT_RGB
        if isByExif {
            raster.gamma = adobe.gamma
            withUnsafeMutableBytes(of: &raster.chromaticities) { bytes in
                bytes.withMemoryRebound(to: Double.self) { numbers in
                    for (index, value) in adobe.chromaticities.enumerated() { numbers[index] = value }
                }
            }
        }
        let (model, hasProfile) = (raster.model, raster.icc != nil)
        let before = String(cString: nct_raster_warnings(&raster))
        var report = nct_color_report()
        let status = nct_convert_to_srgb(&raster, &report)
        guard status == NCT_OK else {
            throw ImageFileError(
                status == NCT_NO_MEMORY ? .outOfMemory : .corrupt, "the colors cannot be brought to sRGB", path: path,
                remedy: "export the file as RGB")
        }
        let name = text(&report.name)
        if report.action == NCT_COLOR_UNUSABLE {
            warnings.append(
                "the embedded ICC profile\(name.map { " \"\($0)\"" } ?? "") was dropped: "
                    + (text(&report.problem) ?? "it cannot be used"))
        }
        let all = String(cString: nct_raster_warnings(&raster))
        warnings += all.dropFirst(before.count).split(separator: "\n").compactMap { String($0).printable }
        if model == NCT_LAB { return ColorConversion(origin: .model, from: "CIELAB") }
        if model == NCT_CMYK, report.action != NCT_COLOR_CONVERTED {
            return ColorConversion(origin: .model, from: "CMYK")
        }
        guard report.action == NCT_COLOR_CONVERTED else { return nil }
        if hasProfile { return ColorConversion(origin: .profile, from: name ?? "a profile without a name") }
        if isByExif { return ColorConversion(origin: .exif, from: "Adobe RGB (1998)") }
        return ColorConversion(origin: .tags, from: "gamma and chromaticities")
    }

    private static func text<Buffer>(_ buffer: inout Buffer) -> String? {
        withUnsafeBytes(of: &buffer) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self).printable }
    }
}
