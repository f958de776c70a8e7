import CheckedArithmetic
import Files

/// What the first bytes of an image file tell: the format by its magic bytes, and the size as stored.
///
/// Orientations 5…8 swap width and height on reading.
public struct ImageHeader: Sendable, Equatable, Codable {
    public let format: ImageFormat
    public let width: Int
    public let height: Int
    /// What decoding holds for each pixel besides the floats that it comes to, bytes: samples as the format's library
    /// gives them, and what it needs itself. The most that it can be where the header does not say.
    public let decodingBytesPerPixel: Int

    /// - Throws: `empty`, `notAnImage`, `truncated` where the header is cut off, `corrupt`.
    init(_ bytes: [UInt8], path: String) throws(ImageFileError) {
        guard !bytes.isEmpty else {
            throw ImageFileError(
                .empty, "the file is empty (0 bytes)", path: path, remedy: "copy or capture the image again")
        }
        guard let format = Self.format(of: bytes) else {
            if let foreign = ForeignFormat.content(bytes) {
                throw ImageFileError(
                    .notAnImage, "the content is \(foreign.name), which is not read", path: path, remedy: foreign.advice
                )
            }
            throw ImageFileError(
                .notAnImage, "the content is no known image format, whatever the name says", path: path,
                remedy: "give a PNG, JPEG, TIFF or BMP file")
        }
        let size: Size? =
            switch format {
            case .png: Self.pngSize(bytes)
            case .jpeg: Self.jpegSize(bytes)
            case .tiff: Self.tiffSize(TagDirectory(bytes))
            case .bmp: Self.bmpSize(bytes)
            }
        guard let size else { throw Self.cutOff(format, path: path) }
        self.init(format, size)
    }

    private typealias Size = (width: Int, height: Int, bytesPerPixel: Int)

    private init(_ format: ImageFormat, _ size: Size) {
        self.format = format
        width = size.width
        height = size.height
        decodingBytesPerPixel = size.bytesPerPixel
    }

    private static func cutOff(_ format: ImageFormat, path: String) -> ImageFileError {
        ImageFileError(
            .truncated, "the \(format.rawValue.uppercased()) header is cut off or damaged", path: path,
            remedy: "copy or export the file again")
    }

    /// The header of a file of which only parts are read: its first kilobytes, and a TIFF's directory where that is.
    ///
    /// - Parameters:
    ///   - fileSize: in bytes.
    ///   - path: stands in the errors.
    ///   - read: gives up to `count` bytes from an offset, fewer at the file's end.
    /// - Throws: as ``ImageReader/decode(_:name:options:)`` does for a header, and what `read` throws.
    public static func read(
        fileSize: Int, path: String, _ read: (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) throws -> ImageHeader {
        // What cameras put before a JPEG's frame may be long.
        for prefix in [64 << 10, 1 << 20, 32 << 20] {
            let start = try read(0, min(prefix, fileSize))
            if format(of: start) == .tiff, let first = TagDirectory.Start(start) {
                let directories = try TagDirectory.chain(start: first, fileSize: fileSize, read)
                guard let size = directories.lazy.compactMap({ tiffSize($0) }).first else {
                    throw cutOff(.tiff, path: path)
                }
                return ImageHeader(.tiff, size)
            }
            do {
                return try ImageHeader(start, path: path)
            } catch {
                guard error.code == .truncated, format(of: start) == .jpeg, start.count < fileSize,
                    prefix < 32 << 20
                else { throw error }
            }
        }
        throw cutOff(.jpeg, path: path)
    }

    private static func format(of bytes: [UInt8]) -> ImageFormat? {
        let view = ByteReader(bytes: bytes)
        if view.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if view.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        for (order, low, high) in [(UInt8(0x49), 2, 3), (0x4D, 3, 2)] where view.starts(with: [order, order]) {
            guard bytes.count >= 4, bytes[high] == 0 else { return nil }
            return bytes[low] == 42 || bytes[low] == 43 ? .tiff : nil
        }
        // "BM" alone may begin a text, so the header's own size must be one of those in use as well.
        if view.starts(with: [0x42, 0x4D]), let size = view.u32(at: 14), BMPHeader.sizes.contains(size) { return .bmp }
        return nil
    }

    private static func pngSize(_ bytes: [UInt8]) -> Size? {
        let view = ByteReader(bytes: bytes, bigEndian: true)
        guard view.starts(with: Array("IHDR".utf8), at: 12), let width = view.u32(at: 16),
            let height = view.u32(at: 20)
        else { return nil }
        let isDeep = view.slice(at: 24, count: 1)?.first == 16
        // A palette may be expanded to colors and alpha.
        let channels = [0: 2, 2: 4, 3: 4, 4: 2, 6: 4][view.slice(at: 25, count: 1)?.first ?? 6] ?? 4
        return (width, height, channels * (isDeep ? 2 : 1))  // bounded: small constants
    }

    /// Walks the markers up to the frame header.
    private static func jpegSize(_ bytes: [UInt8]) -> Size? {
        let view = ByteReader(bytes: bytes, bigEndian: true)
        var at = 2
        while at < bytes.count {
            let next = at &+ 1
            // Fill bytes may precede a marker, and decoders skip what lies between segments.
            guard bytes[at] == 0xFF, next < bytes.count, bytes[next] != 0xFF, bytes[next] != 0 else {
                at = next
                continue
            }
            let marker = bytes[next]
            at = next &+ 1
            switch marker {
            case 0x01, 0xD0...0xD8: continue
            case 0xD9, 0xDA: return nil
            case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
                guard let height = view.u16(at: at &+ 3), let width = view.u16(at: at &+ 5) else { return nil }
                // A progressive one is held whole, as coefficients of two bytes.
                return (width, height, marker == 0xC2 ? 12 : 4)
            default:
                guard let length = view.u16(at: at), length >= 2, let after = at +? length else { return nil }
                at = after
            }
        }
        return nil
    }

    private static func tiffSize(_ tags: TagDirectory?) -> Size? {
        guard let tags, let width = tags.integer(.width), let height = tags.integer(.height) else { return nil }
        let channels = min(max(tags.integer(.samplesPerPixel) ?? 4, 1), 4)
        let isDeep = (tags.integer(.bitsPerSample) ?? 16) > 8
        // One strip may hold the whole image once more; a palette becomes three channels.
        return (width, height, 2 * max(channels, 3) * (isDeep ? 2 : 1))  // bounded: at most 2 * 4 * 2
    }

    private static func bmpSize(_ bytes: [UInt8]) -> Size? {
        BMPHeader.size(ByteReader(bytes: bytes)).map { ($0.width, $0.height, 5) }
    }
}
