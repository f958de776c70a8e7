import CheckedArithmetic

/// The tags of a TIFF file's first directory, or of an EXIF block, which has the same form.
///
/// Reads classic TIFF and BigTIFF in both byte orders. Anything out of bounds or of an unexpected type reads as absent.
/// Source: TIFF 6.0 (Adobe 1992); EXIF 2.3 (CIPA DC-008).
package struct TagDirectory {
    package enum Tag: Int {
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
    }

    private struct Entry {
        var type: Int
        var count: Int
        /// Where the values lie.
        var offset: Int
    }

    private let view: ByteView
    private let isBig: Bool
    private var entries: [Int: Entry] = [:]

    /// Nil where the bytes do not start as TIFF or have no directory.
    package init?(_ bytes: [UInt8]) {
        guard let start = Start(bytes) else { return nil }
        view = ByteView(bytes: bytes, bigEndian: start.bigEndian)
        isBig = start.isBig
        guard let found = directory(at: start.directory) else { return nil }
        entries = found
        if let offset = integer(.exifDirectory), let more = directory(at: offset) {
            entries.merge(more) { first, _ in first }
        }
    }

    /// The first directory alone, from the part of the file that holds it; values that lie elsewhere read as absent.
    ///
    /// - Parameter window: the file's bytes from the directory on.
    init?(start: Start, window: [UInt8], fileSize: Int) {
        view = ByteView(bytes: window, base: start.directory, total: fileSize, bigEndian: start.bigEndian)
        isBig = start.isBig
        guard let found = directory(at: start.directory) else { return nil }
        entries = found
    }

    /// The most bytes that a directory takes which is read here.
    static let longestDirectory = 8 + 20 * 4096

    /// What the first 16 bytes say.
    struct Start {
        let bigEndian: Bool
        let isBig: Bool
        /// Where the first directory lies.
        let directory: Int

        init?(_ bytes: [UInt8]) {
            var view = ByteView(bytes: bytes)
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
    package func integer(_ tag: Tag) -> Int? {
        guard let entry = entries[tag.rawValue], entry.count >= 1 else { return nil }
        switch entry.type {
        case 3: return view.u16(at: entry.offset)
        case 4, 13: return view.u32(at: entry.offset)
        case 16, 18: return view.u64(at: entry.offset)
        default: return nil
        }
    }

    /// A text tag without its terminator and surrounding blanks; nil where nothing printable is left.
    package func text(_ tag: Tag) -> String? {
        guard let entry = entries[tag.rawValue], entry.type == 2, entry.count <= 4096,
            let raw = view.slice(at: entry.offset, count: entry.count)
        else { return nil }
        return String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self).printable
    }

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
