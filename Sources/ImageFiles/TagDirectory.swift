import CheckedArithmetic
import Files

/// The tags of a TIFF file's first directory, or of an EXIF block, which has the same form.
///
/// Reads classic TIFF and BigTIFF in both byte orders. Anything out of bounds or of an unexpected type reads as absent.
/// Source: TIFF 6.0 (Adobe 1992); EXIF 2.3 (CIPA DC-008).
package struct TagDirectory {
    package enum Tag: Int {
        /// What a page is to others: 1 a smaller version, 2 one of several, 4 a mask.
        case kind = 254
        case subdirectories = 330
        case width = 256, height = 257
        case bitsPerSample = 258, samplesPerPixel = 277
        case make = 271, model = 272
        case orientation = 274
        case xResolution = 282, yResolution = 283
        case resolutionUnit = 296
        case software = 305
        case dateTime = 306
        case exifDirectory = 34665
        case dateTimeOriginal = 36867
        case imageDescription = 270
        case xmp = 700
        case exposureTime = 33434
        case userComment = 37510
        case lensModel = 42036
        case colorSpace = 40961
        case interoperabilityDirectory = 40965
        /// Of that directory.
        case interoperabilityIndex = 1
        case imageJCounts = 50838, imageJMetadata = 50839
    }

    private struct Entry {
        var type: Int
        var count: Int
        /// Where the values lie.
        var offset: Int
    }

    private let view: ByteReader
    private let isBig: Bool
    private var entries: [Int: Entry] = [:]
    /// Where the next page's directory lies; 0 for none.
    private var next: Int?

    /// Nil where the bytes do not start as TIFF or have no directory.
    ///
    /// - Parameter place: of another directory than the first.
    package init?(_ bytes: [UInt8], at place: Int? = nil) {
        guard let start = Start(bytes) else { return nil }
        view = ByteReader(bytes: bytes, bigEndian: start.bigEndian)
        isBig = start.isBig
        guard let found = directory(at: place ?? start.directory) else { return nil }
        entries = found
        for tag in [Tag.exifDirectory, .interoperabilityDirectory] {
            if let offset = integer(tag), let more = directory(at: offset) {
                entries.merge(more) { first, _ in first }
            }
        }
    }

    /// The tags of the directory, and what only the other one has, but for what belongs to its pixels.
    package func completed(by other: TagDirectory) -> TagDirectory {
        let ofPixels: Set<Int> = [
            Tag.orientation.rawValue, Tag.xResolution.rawValue, Tag.yResolution.rawValue, Tag.resolutionUnit.rawValue,
        ]
        var all = self
        all.entries.merge(other.entries.filter { !ofPixels.contains($0.key) }) { own, _ in own }
        return all
    }

    /// One directory alone, from the part of the file that holds it; values that lie elsewhere read as absent.
    ///
    /// - Parameters:
    ///   - place: of the directory.
    ///   - window: the file's bytes from there on.
    init?(start: Start, at place: Int, window: [UInt8], fileSize: Int) {
        view = ByteReader(bytes: window, base: place, total: fileSize, bigEndian: start.bigEndian)
        isBig = start.isBig
        guard let found = directory(at: place) else { return nil }
        entries = found
        next = nextDirectory(after: place)
    }

    /// The most bytes that a directory takes which is read here.
    static let longestDirectory = 8 + 20 * 4096

    /// Directories of so many are looked at.
    private static let longestChain = 64

    /// The directories of which the first that is an image is the one that is decoded (``TIFFSelection``): the first full
    /// image; where every page says that it is a smaller version, the largest of the subdirectories, else of the pages.
    ///
    /// - Parameter read: gives up to `count` bytes from an offset, fewer at the file's end.
    static func chain(
        start: Start, fileSize: Int, _ read: (_ offset: Int, _ count: Int) throws -> [UInt8]
    ) throws -> [TagDirectory] {
        func tags(at place: Int) throws -> TagDirectory? {
            TagDirectory(
                start: start, at: place, window: try read(place, longestDirectory), fileSize: fileSize)
        }
        var pages: [TagDirectory] = []
        var place: Int? = start.directory
        while let at = place, at != 0, pages.count < longestChain, let page = try tags(at: at) {
            if (page.integer(.kind) ?? 0) & 5 == 0 { return [page] }
            pages.append(page)
            place = page.next
        }
        var others = try pages.flatMap { $0.integers(.subdirectories) }.prefix(longestChain)
            .compactMap { try tags(at: $0) }
        let full = others.filter { ($0.integer(.kind) ?? 0) & 5 == 0 }
        if full.isEmpty { others.append(contentsOf: pages) }
        return (full.isEmpty ? others : full).sorted { $0.area > $1.area }
    }

    private var area: Int { (integer(.width) ?? 0) *? (integer(.height) ?? 0) ?? .max }

    private func nextDirectory(after place: Int) -> Int? {
        guard let count = isBig ? view.u64(at: place) : view.u16(at: place),
            let end = place +? (isBig ? 8 : 2) +? (count *? (isBig ? 20 : 12))
        else { return nil }
        return isBig ? view.u64(at: end) : view.u32(at: end)
    }

    /// What the first 16 bytes say.
    struct Start {
        let bigEndian: Bool
        let isBig: Bool
        /// Where the first directory lies.
        let directory: Int

        init?(_ bytes: [UInt8]) {
            var view = ByteReader(bytes: bytes)
            if view.starts(with: [0x4D, 0x4D]) {
                view.bigEndian = true
            } else if !view.starts(with: [0x49, 0x49]) {
                return nil
            }
            let magic = view.u16(at: 2)
            guard magic == 42 || magic == 43, let first = magic == 43 ? view.u64(at: 8) : view.u32(at: 4) else {
                return nil
            }
            (bigEndian, isBig, directory) = (view.bigEndian, magic == 43, first)
        }
    }

    private func directory(at offset: Int) -> [Int: Entry]? {
        guard let count = isBig ? view.u64(at: offset) : view.u16(at: offset), count <= 4096 else { return nil }
        var found: [Int: Entry] = [:]
        let (head, entrySize, room) = isBig ? (8, 20, 8) : (2, 12, 4)
        for index in 0..<count {
            guard let start = offset +? head +? (index *? entrySize), let inline = start +? 4 +? room,
                let tag = view.u16(at: start), let type = view.u16(at: start &+ 2),
                let values = isBig ? view.u64(at: start &+ 4) : view.u32(at: start &+ 4),
                let size = Self.sizes[type], values <= view.count, let needed = values *? size
            else { continue }
            let place = needed <= room ? inline : (isBig ? view.u64(at: inline) : view.u32(at: inline))
            guard let place, place <= view.count else { continue }
            if found[tag] == nil { found[tag] = Entry(type: type, count: values, offset: place) }
        }
        return found
    }

    /// Bytes a value by TIFF type: byte, ASCII, short, long, rational, undefined, long8, directory offsets.
    private static let sizes = [1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 13: 4, 16: 8, 18: 8]

    /// The first value of an integer tag.
    package func integer(_ tag: Tag) -> Int? { integer(tag, 0) }

    private func integer(_ tag: Tag, _ index: Int) -> Int? {
        guard let entry = entries[tag.rawValue], index < entry.count, let size = Self.sizes[entry.type],
            let place = entry.offset +? (index *? size)
        else { return nil }
        switch entry.type {
        case 3: return view.u16(at: place)
        case 4, 13: return view.u32(at: place)
        case 16, 18: return view.u64(at: place)
        default: return nil
        }
    }

    /// The values of an integer tag, as many as can be had of the first 64.
    private func integers(_ tag: Tag) -> [Int] {
        (0..<min(entries[tag.rawValue]?.count ?? 0, 64)).compactMap { integer(tag, $0) }
    }

    /// A text tag without its terminator and surrounding blanks; nil where nothing printable is left.
    package func text(_ tag: Tag) -> String? {
        guard let entry = entries[tag.rawValue], entry.type == 2, entry.count <= 4096,
            let raw = view.slice(at: entry.offset, count: entry.count)
        else { return nil }
        return String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self).printable
    }

    /// A text of any length up to 16 MiB, as it is: descriptions that hold the settings of a microscope.
    package func longText(_ tag: Tag) -> String? {
        guard let entry = entries[tag.rawValue], [1, 2, 7].contains(entry.type), entry.count <= 16 << 20,
            let raw = view.slice(at: entry.offset, count: entry.count)
        else { return nil }
        return String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }

    package var description: String? { longText(.imageDescription) }

    /// Whether the picture is in Adobe RGB, as cameras without a profile say it: DCF's optional color space, by the index of
    /// its interoperability or by the number that older ones gave it.
    package var isAdobeRGB: Bool { integer(.colorSpace) == 2 || text(.interoperabilityIndex) == "R03" }

    /// ImageJ's lookup tables, one for each channel.
    package var lookupTables: [ArraySlice<UInt8>] {
        guard let counts = entries[Tag.imageJCounts.rawValue], let bytes = entries[Tag.imageJMetadata.rawValue],
            counts.type == 4, counts.count <= 4096, let raw = view.slice(at: bytes.offset, count: bytes.count)
        else { return [] }
        return ImageJMetadata.lookupTables(
            counts: (0..<counts.count).compactMap { view.u32(at: counts.offset &+ $0 &* 4) }, bytes: raw)
    }

    /// The first value of a rational tag that is greater than 0.
    package func positive(_ tag: Tag) -> Double? { rational(tag).flatMap { $0 > 0 ? $0 : nil } }

    /// Pixels per meter along the axes as stored, where the unit is known (inches are the default unit).
    package var resolution: ImageResolution? {
        let metersPerUnit: Double
        switch integer(.resolutionUnit) ?? 2 {
        case 2: metersPerUnit = 0.0254
        case 3: metersPerUnit = 0.01
        default: return nil
        }
        guard let x = rational(.xResolution), let y = rational(.yResolution), x > 0, y > 0 else { return nil }
        return ImageResolution(x: x / metersPerUnit, y: y / metersPerUnit)
    }

    private func rational(_ tag: Tag) -> Double? {
        guard let entry = entries[tag.rawValue], entry.type == 5, entry.count >= 1,
            let numerator = view.u32(at: entry.offset), let denominator = view.u32(at: entry.offset &+ 4),
            denominator > 0
        else { return nil }
        return Double(numerator) / Double(denominator)
    }
}

extension String {
    /// Control characters become blanks, blanks at the ends go; nil where nothing is left. Characters that change how
    /// the text around them is shown (bidirectional controls, other format characters, separators of lines) are written
    /// out as `\u{202E}`, so that no file's text can make a sidecar or a terminal show other than what is there.
    var printable: String? {
        let blank: Unicode.Scalar = " "
        let scalars = unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? blank : $0 }
        let inner = scalars.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        var text = ""
        for scalar in inner {
            switch scalar.properties.generalCategory {
            case .format, .lineSeparator, .paragraphSeparator:
                text.append("\\u{\(String(scalar.value, radix: 16, uppercase: true))}")
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text.isEmpty ? nil : text
    }
}
