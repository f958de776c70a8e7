import Files

/// The headers of a BMP file. Source: Microsoft, "Bitmap Header Types".
///
/// Says only what the file claims; nothing is checked against the length of the file but the headers themselves.
struct BMPHeader {
    /// The sizes of the known information headers: core, Windows 3 and its two extensions, OS/2 2, V4, V5.
    static let sizes: Set<Int> = [12, 40, 52, 56, 64, 108, 124]
    /// The file header, after which the information header lies.
    static let start = 14

    enum Compression: Int {
        case none = 0, rle8 = 1, rle4 = 2, bitFields = 3, alphaBitFields = 6
    }

    /// Which bits of a pixel hold red, green, blue and alpha (0 for none).
    struct Masks: Equatable {
        var red: UInt32
        var green: UInt32
        var blue: UInt32
        var alpha: UInt32 = 0

        static let fiveBits = Masks(red: 0x7C00, green: 0x03E0, blue: 0x001F)
        static let eightBits = Masks(red: 0x00FF_0000, green: 0x0000_FF00, blue: 0x0000_00FF)
    }

    var width: Int
    var height: Int
    var isTopDown: Bool
    var bitsPerPixel: Int
    var compression: Compression
    /// Nil where the pixels are indices into the palette.
    var masks: Masks?
    /// Where the pixels lie.
    var pixelOffset: Int
    var palette: [Color] = []
    var resolution: ImageResolution?
    var iccProfile: [UInt8]?

    struct Color: Equatable {
        var red: UInt8
        var green: UInt8
        var blue: UInt8
    }

    static func size(_ view: ByteReader) -> (width: Int, height: Int)? {
        guard let headerSize = view.u32(at: start) else { return nil }
        if headerSize == 12 {
            guard let width = view.u16(at: 18), let height = view.u16(at: 20) else { return nil }
            return (width, height)
        }
        guard let width = view.i32(at: 18), let height = view.i32(at: 22) else { return nil }
        return (max(width, 0), abs(height))
    }

    /// - Throws: `truncated` where the headers or the palette are cut off, `corrupt` where they make no sense,
    ///   `unsupported` for other compressions and depths.
    // bounded: each number of a header has 32 bits at the most, and sums of a few of them fit into 64
    init(_ view: ByteReader, path: String) throws(ImageFileError) {
        guard let headerSize = view.u32(at: Self.start), let offset = view.u32(at: 10),
            let size = Self.size(view), headerSize <= view.count - Self.start
        else { throw BMPError.truncated("the header is cut off", path) }
        guard size.width > 0, size.height > 0 else {
            throw BMPError.corrupt("the header says \(size.width) × \(size.height) pixels", path)
        }
        let isCore = headerSize == 12
        width = size.width
        height = size.height
        isTopDown = !isCore && (view.i32(at: 22) ?? 0) < 0
        guard let bits = view.u16(at: isCore ? 24 : 28), let scheme = isCore ? 0 : view.u32(at: 30) else {
            throw BMPError.truncated("the header is cut off", path)
        }
        guard let compression = Compression(rawValue: scheme) else {
            throw BMPError.unsupported("compression scheme \(scheme)", path)
        }
        bitsPerPixel = bits
        self.compression = compression
        pixelOffset = offset
        try Self.checkDepth(bits, compression, isTopDown: isTopDown, isCore: isCore, path: path)

        var end = Self.start + headerSize
        if bits > 8 {
            masks = bits == 16 ? .fiveBits : .eightBits
            if compression == .bitFields || compression == .alphaBitFields {
                let hasAlpha = headerSize == 40 ? compression == .alphaBitFields : headerSize >= 56 && headerSize != 64
                masks = try Self.masks(view, hasAlpha: hasAlpha, bits: bits, path: path)
                if headerSize == 40 { end += hasAlpha ? 16 : 12 }
            }
        }
        guard offset >= end else {
            throw BMPError.corrupt("the pixels are said to begin inside the header, at byte \(offset)", path)
        }
        if bits <= 8 {
            palette = try Self.palette(view, from: end, entrySize: isCore ? 3 : 4, header: self, path: path)
        }
        if !isCore, let x = view.i32(at: 38), let y = view.i32(at: 42), x > 0, y > 0 {
            resolution = ImageResolution(x: Double(x), y: Double(y))
        }
        iccProfile = headerSize == 124 ? try Self.profile(view, path: path) : nil
    }

    private static func checkDepth(
        _ bits: Int, _ compression: Compression, isTopDown: Bool, isCore: Bool, path: String
    ) throws(ImageFileError) {
        let depths: Set<Int> =
            switch compression {
            case .none: isCore ? [1, 4, 8, 24] : [1, 2, 4, 8, 16, 24, 32]
            case .rle8: [8]
            case .rle4: [4]
            case .bitFields, .alphaBitFields: [16, 32]
            }
        guard depths.contains(bits) else {
            throw BMPError.unsupported("\(bits) bits a pixel with compression scheme \(compression.rawValue)", path)
        }
        if isTopDown && (compression == .rle8 || compression == .rle4) {
            throw BMPError.corrupt("run lengths are not allowed from top to bottom", path)
        }
    }

    /// The masks lie behind the 40 bytes of the Windows 3 header, or at the same place inside a longer one.
    // bounded: bits of a 32-bit number are counted
    private static func masks(
        _ view: ByteReader, hasAlpha: Bool, bits: Int, path: String
    ) throws(ImageFileError) -> Masks {
        guard let red = view.u32(at: 54), let green = view.u32(at: 58), let blue = view.u32(at: 62),
            let alpha = hasAlpha ? view.u32(at: 66) : 0
        else { throw BMPError.truncated("the header is cut off", path) }
        for (name, mask) in [("red", red), ("green", green), ("blue", blue), ("alpha", alpha)] {
            let isRun = mask.nonzeroBitCount + mask.trailingZeroBitCount + mask.leadingZeroBitCount == Int.bitWidth
            guard mask == 0 ? name == "alpha" : isRun && mask >> bits == 0 else {
                throw BMPError.corrupt("the mask of \(name) is \(String(mask, radix: 16))", path)
            }
        }
        return Masks(red: UInt32(red), green: UInt32(green), blue: UInt32(blue), alpha: UInt32(alpha))
    }

    /// As many colors as the header says, or as lie between it and the pixels if that is fewer.
    // bounded: each number of a header has 32 bits at the most, and sums of a few of them fit into 64
    private static func palette(
        _ view: ByteReader, from start: Int, entrySize: Int, header: BMPHeader, path: String
    ) throws(ImageFileError) -> [Color] {
        let most = 1 << header.bitsPerPixel
        let claimed = entrySize == 3 ? 0 : view.u32(at: 46) ?? 0
        let count = min(claimed == 0 ? most : min(claimed, most), (header.pixelOffset - start) / entrySize)
        guard count > 0 else { throw BMPError.corrupt("the palette is missing", path) }
        guard start + count * entrySize <= view.count else { throw BMPError.truncated("the palette is cut off", path) }
        return (0..<count).map { index in
            let at = start + index * entrySize
            return Color(red: view.bytes[at + 2], green: view.bytes[at + 1], blue: view.bytes[at])
        }
    }

    /// The profile that a V5 header says is embedded; nil where it says nothing of one.
    // bounded: each number of a header has 32 bits at the most, and sums of a few of them fit into 64
    private static func profile(_ view: ByteReader, path: String) throws(ImageFileError) -> [UInt8]? {
        guard view.u32(at: 70) == BMPHeader.embeddedProfile, let offset = view.u32(at: 126),
            let size = view.u32(at: 130), size > 0
        else { return nil }
        guard start + offset <= view.count - size else { throw BMPError.truncated("the ICC profile is cut off", path) }
        return Array(view.bytes[start + offset..<start + offset + size])
    }

    /// "MBED", the color space of a V5 header with a profile.
    static let embeddedProfile = 0x4D42_4544
    /// "sRGB", the color space of a V5 header without one.
    static let standardRGB = 0x7352_4742
}
