/// Reads image files: PNG, JPEG, TIFF and BMP, known by their content, not their names.
public enum ImageReader {
    /// Reads and decodes one file, holding it in memory once as bytes and once as floats.
    ///
    /// - Throws: any `ImageFileError` but those of writing. The limits are checked before pixels are allocated, and a
    ///   file that ends early or fails a checksum is an error, never a partly gray picture.
    public static func read(path: String, limits: ImageLimits = ImageLimits()) throws(ImageFileError) -> ImageFile {
        try decode(RegularFile.read(path: path, limits: limits), name: path, limits: limits)
    }

    /// Decodes a file that is in memory already; `name` stands in the errors.
    public static func decode(
        _ bytes: [UInt8], name: String, limits: ImageLimits = ImageLimits()
    ) throws(ImageFileError) -> ImageFile {
        try limits.check(byteCount: bytes.count, path: name)
        let header = try ImageHeader(bytes, path: name)
        try limits.check(header, path: name)
        return try Codec.decode(bytes, header: header, limits: limits, path: name)
    }

    /// The format and size that a file claims, from its first 256 KiB where they suffice.
    public static func header(
        ofFileAt path: String, limits: ImageLimits = ImageLimits()
    ) throws(ImageFileError) -> ImageHeader {
        let prefix = 256 * 1024
        let start = try RegularFile.read(path: path, limits: limits, prefix: prefix)
        do {
            return try ImageHeader(start, path: path)
        } catch {
            // TIFF directories and what cameras put before a JPEG's frame may lie further back.
            guard error.code == .truncated, start.count == prefix else { throw error }
            return try ImageHeader(RegularFile.read(path: path, limits: limits), path: path)
        }
    }
}
