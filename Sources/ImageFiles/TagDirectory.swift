/// The tags of a TIFF file's first directory, or of an EXIF block, which has the same form.
///
/// Reads classic TIFF and BigTIFF in both byte orders. Anything out of bounds or of an unexpected type reads as absent.
/// Source: TIFF 6.0 (Adobe 1992); EXIF 2.3 (CIPA DC-008).
package struct TagDirectory {
    package enum Tag: Int {
        case width = 256, height = 257
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
        var view = ByteView(bytes: bytes)
        if view.starts(with: [0x4D, 0x4D]) {
            view.bigEndian = true
        } else if !view.starts(with: [0x49, 0x49]) {
            return nil
        }
        let magic = view.u16(at: 2)
        guard magic == 42 || magic == 43 else { return nil }
        self.view = view
        self.isBig = magic == 43
        guard let first = isBig ? view.u64(at: 8) : view.u32(at: 4), let found = directory(at: first) else {
            return nil
        }
        entries = found
        if let offset = integer(.exifDirectory), let more = directory(at: offset) {
            entries.merge(more) { first, _ in first }
        }
    }

    private func directory(at offset: Int) -> [Int: Entry]? {
        guard let count = isBig ? view.u64(at: offset) : view.u16(at: offset), count <= 4096 else { return nil }
        var found: [Int: Entry] = [:]
        let entrySize = isBig ? 20 : 12
        for index in 0..<count {
            let start = offset + (isBig ? 8 : 2) + index * entrySize
            guard let tag = view.u16(at: start), let type = view.u16(at: start + 2),
                let values = isBig ? view.u64(at: start + 4) : view.u32(at: start + 4),
                let size = Self.sizes[type], values <= view.count
            else { continue }
            let inline = start + (isBig ? 12 : 8)
            let place =
                values * size <= (isBig ? 8 : 4) ? inline : (isBig ? view.u64(at: inline) : view.u32(at: inline))
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
            entry.offset <= view.count - entry.count
        else { return nil }
        let raw = view.bytes[entry.offset..<entry.offset + entry.count].prefix { $0 != 0 }
        return String(decoding: raw, as: UTF8.self).printable
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
            let numerator = view.u32(at: entry.offset), let denominator = view.u32(at: entry.offset + 4),
            denominator > 0
        else { return nil }
        return Double(numerator) / Double(denominator)
    }
}

extension String {
    /// Control characters become blanks, blanks at the ends go; nil where nothing is left.
    var printable: String? {
        let blank: Unicode.Scalar = " "
        let scalars = unicodeScalars.map { $0.value < 32 || (127..<160).contains($0.value) ? blank : $0 }
        let inner = scalars.drop { $0 == blank }.reversed().drop { $0 == blank }.reversed()
        var view = String.UnicodeScalarView()
        view.append(contentsOf: inner)
        return view.isEmpty ? nil : String(view)
    }
}
