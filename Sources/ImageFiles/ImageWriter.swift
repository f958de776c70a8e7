import NCTEngine

/// How an image is to be written.
public struct ImageWriteOptions: Sendable, Equatable {
    /// The file's format.
    public var format: ImageFormat
    /// 8 or 16; nil takes the source's depth where the format can hold it.
    public var bitDepth: Int?
    /// 1…100. Chroma is always kept at full resolution (4:4:4).
    public var jpegQuality: Int
    /// zlib's level, 0 (none) to 9 (slow).
    public var pngCompression: Int

    /// By default a fast PNG, or a good JPEG.
    public init(format: ImageFormat, bitDepth: Int? = nil, jpegQuality: Int = 95, pngCompression: Int = 3) {
        self.format = format
        self.bitDepth = bitDepth
        self.jpegQuality = jpegQuality
        self.pngCompression = pngCompression
    }
}

/// Encodes images as files in memory; `OutputFile` puts them on disk.
public enum ImageWriter {
    /// Encodes the image as RGB, tagged as sRGB, with its resolution. Samples are clamped to 0…1 and rounded to nearest;
    /// one that is no number is 0. The same input gives the same bytes.
    ///
    /// - Throws: `unsupported` where the format cannot hold the depth or size, `outOfMemory`.
    public static func encode(
        _ file: ImageFile, options: ImageWriteOptions
    ) throws(ImageFileError) -> [UInt8] {
        let depth = options.bitDepth ?? (options.format.holds16Bits ? file.metadata.bitDepth : 8)
        func refuse(_ message: String, _ remedy: String) -> ImageFileError {
            ImageFileError(.unsupported, message, path: "\(options.format.rawValue) output", remedy: remedy)
        }
        guard depth == 8 || depth == 16 else { throw refuse("\(depth) bits a sample", "ask for 8 or 16") }
        guard depth == 8 || options.format.holds16Bits else {
            throw refuse("the format holds 8 bits a sample, not \(depth)", "write PNG or TIFF, or ask for 8 bits")
        }
        guard (1...100).contains(options.jpegQuality) else {
            throw refuse("JPEG quality \(options.jpegQuality)", "give 1 to 100")
        }
        guard (0...9).contains(options.pngCompression) else {
            throw refuse("PNG compression \(options.pngCompression)", "give 0 to 9")
        }
        guard file.image.pixelCount > 0 else { throw refuse("an image without pixels", "give at least 1 × 1") }
        return try Codec.encode(file, options: options, depth: depth)
    }

    /// Encodes labels as a PNG of one gray channel with 8 bits, whose values are the labels.
    ///
    /// - Throws: `unsupported` for a map without pixels, `outOfMemory`.
    public static func encode<Label>(_ labels: LabelMap<Label>) throws(ImageFileError) -> [UInt8] {
        guard !labels.bytes.isEmpty else {
            throw ImageFileError(
                .unsupported, "a map without pixels", path: "png output", remedy: "give at least 1 × 1")
        }
        return try Codec.encode(labels, compression: 6)
    }
}
