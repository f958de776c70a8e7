/// What the first bytes of an image file tell: the format by its magic bytes, and the size as stored.
///
/// Orientations 5…8 swap width and height on reading.
public struct ImageHeader: Sendable, Equatable {
    public let format: ImageFormat
    public let width: Int
    public let height: Int

    /// - Throws: `empty`, `notAnImage`, `truncated` where the header is cut off, `corrupt`.
    init(_ bytes: [UInt8], path: String) throws(ImageFileError) {
        guard !bytes.isEmpty else {
            throw ImageFileError(
                .empty, "the file is empty (0 bytes)", path: path, remedy: "copy or capture the image again")
        }
        guard let format = Self.format(of: bytes) else {
            throw ImageFileError(
                .notAnImage, "the content is no known image format, whatever the name says", path: path,
                remedy: "give a PNG, JPEG, TIFF or BMP file")
        }
        let size: (width: Int, height: Int)?
        switch format {
        case .png: size = Self.pngSize(bytes)
        case .jpeg: size = Self.jpegSize(bytes)
        case .tiff: size = Self.tiffSize(bytes)
        case .bmp: size = Self.bmpSize(bytes)
        }
        guard let size else {
            throw ImageFileError(
                .truncated, "the \(format.rawValue.uppercased()) header is cut off or damaged", path: path,
                remedy: "copy or export the file again")
        }
        self.format = format
        self.width = size.width
        self.height = size.height
    }

    private static func format(of bytes: [UInt8]) -> ImageFormat? {
        let view = ByteView(bytes: bytes)
        if view.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if view.starts(with: [0xFF, 0xD8, 0xFF]) { return .jpeg }
        for (order, low, high) in [(UInt8(0x49), 0, 1), (0x4D, 1, 0)] where view.starts(with: [order, order]) {
            guard bytes.count >= 4, bytes[2 + high] == 0 else { return nil }
            return bytes[2 + low] == 42 || bytes[2 + low] == 43 ? .tiff : nil
        }
        // "BM" alone may begin a text, so the header's own size must be one of those in use as well.
        if view.starts(with: [0x42, 0x4D]), let size = view.u32(at: 14), BMPHeader.sizes.contains(size) { return .bmp }
        return nil
    }

    private static func pngSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        let view = ByteView(bytes: bytes, bigEndian: true)
        guard view.starts(with: Array("IHDR".utf8), at: 12), let width = view.u32(at: 16), let height = view.u32(at: 20)
        else { return nil }
        return (width, height)
    }

    /// Walks the markers up to the frame header.
    private static func jpegSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        let view = ByteView(bytes: bytes, bigEndian: true)
        var at = 2
        while at < bytes.count {
            // Fill bytes may precede a marker, and decoders skip what lies between segments.
            guard bytes[at] == 0xFF, at + 1 < bytes.count, bytes[at + 1] != 0xFF, bytes[at + 1] != 0 else {
                at += 1
                continue
            }
            let marker = bytes[at + 1]
            at += 2
            switch marker {
            case 0x01, 0xD0...0xD8: continue
            case 0xD9, 0xDA: return nil
            case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
                guard let height = view.u16(at: at + 3), let width = view.u16(at: at + 5) else { return nil }
                return (width, height)
            default:
                guard let length = view.u16(at: at), length >= 2 else { return nil }
                at += length
            }
        }
        return nil
    }

    private static func tiffSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        guard let tags = TagDirectory(bytes), let width = tags.integer(.width), let height = tags.integer(.height)
        else { return nil }
        return (width, height)
    }

    private static func bmpSize(_ bytes: [UInt8]) -> (width: Int, height: Int)? {
        BMPHeader.size(ByteView(bytes: bytes))
    }
}
