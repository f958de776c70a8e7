/// Reads image files: PNG, JPEG, TIFF and BMP, known by their content, not their names. Whatever colors a file has, what
/// comes out is sRGB.
///
/// What a process has but once: libtiff's own handlers of errors and warnings, which print, are turned off when the first
/// TIFF is read.
public enum ImageReader {
    /// Reads and decodes one file, holding it in memory once as bytes and once as floats.
    ///
    /// - Throws: any `ImageFileError` but those of writing. The limits are checked before pixels are allocated, and a
    ///   file that ends early or fails a checksum is an error, never a partly gray picture.
    public static func read(
        path: String, options: ReadingOptions = ReadingOptions()
    ) throws(ImageFileError) -> ImageFile {
        try decode(InputFile.read(path: path, limits: options.limits), name: path, options: options)
    }

    /// A file's bytes, for ``decode(_:name:options:)``.
    ///
    /// - Parameters:
    ///   - path: as the file system has it, whatever the bytes.
    ///   - name: stands in the errors.
    ///   - limits: how large it may be.
    public static func contents(
        ofFileAt path: [UInt8], name: String, limits: ImageLimits = ImageLimits()
    ) throws(ImageFileError) -> [UInt8] {
        try InputFile.read(bytes: path, path: name, limits: limits)
    }

    /// Decodes a file that is in memory already; `name` stands in the errors.
    public static func decode(
        _ bytes: [UInt8], name: String, options: ReadingOptions = ReadingOptions()
    ) throws(ImageFileError) -> ImageFile {
        try options.limits.check(byteCount: bytes.count, path: name)
        let header = try ImageHeader(bytes, path: name)
        try options.limits.check(header, path: name)
        return try Codec.decode(bytes, header: header, options: options, path: name)
    }

    /// How many pages a file has that can be captures of their own; 1 for one that is no TIFF, or cannot be read.
    public static func pageCount(of bytes: [UInt8]) -> Int { TIFFSelection.pageCount(bytes) }

    /// The format and size that a file claims, from its first kilobytes and, of a TIFF, its directory.
    public static func header(
        ofFileAt path: String, limits: ImageLimits = ImageLimits()
    ) throws(ImageFileError) -> ImageHeader {
        let file = try InputFile(path: path, limits: limits)
        do {
            return try ImageHeader.read(fileSize: file.size, path: path) { try file.read(at: $0, count: $1) }
        } catch let error as ImageFileError {
            throw error
        } catch {
            throw ImageFileError(.unreadable, "\(error)", path: path, remedy: "check the disk or share")
        }
    }
}
