import CheckedArithmetic
import Files

/// Holds the strips or tiles of that directory of a TIFF which is decoded against the file's size: the first full image, or
/// where every page says that it is a smaller version of another, the largest of their subdirectories.
struct TIFFLayout {
    private let source: ByteSource
    private let isBigEndian: Bool

    init(_ source: ByteSource, isBigEndian: Bool) {
        self.source = source
        self.isBigEndian = isBigEndian
    }

    private struct Entry {
        var type: UInt64
        var count: Int64
        /// Where its values lie.
        var offset: Int64
    }

    /// An entry whose values have not been looked for yet.
    private struct RawEntry {
        var type: UInt64
        var count: UInt64
        /// Where values lie that the directory itself has room for, and where it says that others lie.
        var inline: Int64
        var stored: UInt64
    }

    private static let sizes: [UInt64: Int64] = [
        1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8,
    ]
    /// Strips are checked so many at a time.
    private static let batch: Int64 = 4096

    func check() throws(FileError) -> Completeness.Verdict {
        let isBig = try number(2, 2) == 43
        guard let first = try number(isBig ? 8 : 4, isBig ? 8 : 4) else {
            return .incomplete("the TIFF's header is cut off")
        }
        guard first != 0 else { return .incomplete("the TIFF has no directory yet") }
        let chosen = try chosenDirectory(first, isBig: isBig)
        return try directory(at: chosen, isBig: isBig).map { .incomplete($0) } ?? .whole
    }

    /// A directory, as far as it takes to choose.
    private struct Page {
        var offset: UInt64
        /// What it is to others: 1 a smaller version, 4 a mask.
        var kind: UInt64 = 0
        var width: UInt64 = 0
        var height: UInt64 = 0
        var subdirectories: [UInt64] = []
        var next: UInt64 = 0
        var area: UInt64 { width *? height ?? .max }
        var isFull: Bool { kind & 5 == 0 }
    }

    /// Directories of so many are looked at.
    private static let longestChain = 64

    private func chosenDirectory(_ first: UInt64, isBig: Bool) throws(FileError) -> UInt64 {
        var pages: [Page] = []
        var place = first
        while place != 0, pages.count < Self.longestChain, let page = try page(at: place, isBig: isBig) {
            if page.isFull { return page.offset }
            pages.append(page)
            place = page.next
        }
        var others: [Page] = []
        for place in pages.flatMap(\.subdirectories).prefix(Self.longestChain) {
            if let page = try page(at: place, isBig: isBig) { others.append(page) }
        }
        let full = others.filter(\.isFull)
        if full.isEmpty { others.append(contentsOf: pages) }
        return (full.isEmpty ? others : full).max { $0.area < $1.area }?.offset ?? first
    }

    /// Nil where there is no directory.
    private func page(at offset: UInt64, isBig: Bool) throws(FileError) -> Page? {
        let (head, entrySize, room): (Int64, Int, Int) = isBig ? (8, 20, 8) : (2, 12, 4)
        guard let start = Int64(exactly: offset), start < source.size,
            let count = try number(start, isBig ? 8 : 2).flatMap({ Int(exactly: $0) }), count <= 4096,
            let length = count *? entrySize, let entries = start +? head
        else { return nil }
        let bytes = try source.bytes(at: entries, count: length)
        guard bytes.count == length, let end = entries +? Int64(clamping: length) else { return nil }
        var page = Page(offset: offset, next: try number(end, room) ?? 0)
        let reader = ByteReader(bytes: bytes, bigEndian: isBigEndian)
        for index in 0..<count {
            guard case (let tag, var raw)? = rawEntry(reader, at: index &* entrySize, room: room, from: entries) else {
                continue
            }
            raw.count = min(raw.count, 64)
            guard let entry = entry(raw, room: room) else { continue }
            switch tag {
            case 254: page.kind = try self.values(entry, 0, 1).first ?? 0
            case 256: page.width = try self.values(entry, 0, 1).first ?? 0
            case 257: page.height = try self.values(entry, 0, 1).first ?? 0
            case 330: page.subdirectories = try self.values(entry, 0, 64)
            default: break
            }
        }
        return page
    }

    /// Tags that the decoder cannot do without where they are there: those that place the pixels or tell what they mean.
    private static let essential: Set<UInt64> = [
        256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339, 347, 530, 34675,
    ]

    /// Of these the decoder takes so many values, whatever their count.
    private static let fixedCounts: [UInt64: UInt64] = [262: 1, 317: 1, 530: 2]

    /// What of all that is needed lies outside the file; nil if it lies in it.
    private func directory(at offset: UInt64, isBig: Bool) throws(FileError) -> String? {
        let cut = "a TIFF directory at byte \(offset) lies beyond the file's end (\(source.size) bytes)"
        let (head, entrySize, room): (Int64, Int, Int) = isBig ? (8, 20, 8) : (2, 12, 4)
        guard let start = Int64(exactly: offset), start < source.size,
            let count = try number(start, isBig ? 8 : 2).flatMap({ Int(exactly: $0) }), count <= 65535,
            let length = count *? entrySize, let first = start +? head
        else { return cut }
        let bytes = try source.bytes(at: first, count: length)
        guard bytes.count == length else { return cut }
        var raw: [UInt64: RawEntry] = [:]
        let reader = ByteReader(bytes: bytes, bigEndian: isBigEndian)
        for index in 0..<count {
            // Of a tag that comes twice the first counts.
            guard case (let tag, var entry)? = rawEntry(reader, at: index &* entrySize, room: room, from: first),
                Self.essential.contains(tag), raw[tag] == nil, Self.sizes[entry.type] != nil
            else { continue }
            entry.count = min(entry.count, Self.fixedCounts[tag] ?? .max)
            raw[tag] = entry
        }
        let isTiled = raw[324] != nil || raw[322] != nil
        let arrays: [UInt64] = isTiled ? [324, 325] : [273, 279]
        var entries: [UInt64: Entry] = [:]
        for (tag, entry) in raw.sorted(by: { $0.key < $1.key }) where !arrays.contains(tag) {
            guard let found = self.entry(entry, room: room) else { return Self.beyond(tag) }
            entries[tag] = found
        }
        // The decoder reads no more places and lengths than there are strips or tiles.
        let needed = try pieceCount(entries, isTiled: isTiled)
        for tag in arrays {
            guard var entry = raw[tag] else { continue }
            entry.count = min(entry.count, needed.map { UInt64(clamping: $0) } ?? .max)
            guard let found = self.entry(entry, room: room) else { return Self.beyond(tag) }
            entries[tag] = found
        }
        guard entries[256] != nil, entries[257] != nil, entries[arrays[0]] != nil else {
            return "the TIFF's directory has no image yet"
        }
        let isPlanar = try isPlanar(entries)
        return try pieces(
            entries[arrays[0]], entries[arrays[1]], needed, isTiled ? "tile" : "strip",
            calculated: try calculatedLength(entries, count: needed, isTiled: isTiled),
            isCompressed: try value(259, of: entries) ?? 1 != 1,
            row: isTiled || isPlanar ? nil : try rowBytes(entries, isTiled: false).flatMap { Int64(exactly: $0) })
    }

    /// An entry of a directory's bytes, which begin at `start` of the file.
    private func rawEntry(
        _ reader: ByteReader, at place: Int, room: Int, from start: Int64
    ) -> (tag: UInt64, entry: RawEntry)? {
        // Before the values stand the tag and their type, in two bytes each, and their count.
        let inline = place &+ 4 &+ room
        guard let tag = reader.integer(at: place, size: 2), let type = reader.integer(at: place &+ 2, size: 2),
            let count = reader.integer(at: place &+ 4, size: room), let stored = reader.integer(at: inline, size: room),
            let here = start +? Int64(clamping: inline)
        else { return nil }
        return (tag, RawEntry(type: type, count: count, inline: here, stored: stored))
    }

    private static func beyond(_ tag: UInt64) -> String { "the values of TIFF tag \(tag) lie beyond the file's end" }

    /// Where an entry's values lie; nil if that is not in the file.
    private func entry(_ raw: RawEntry, room: Int) -> Entry? {
        guard let size = Self.sizes[raw.type], let count = Int64(exactly: raw.count), let needed = count *? size,
            needed <= source.size
        else { return nil }
        guard needed > room else { return Entry(type: raw.type, count: count, offset: raw.inline) }
        guard let outside = Int64(exactly: raw.stored), let last = outside +? needed, last <= source.size else {
            return nil
        }
        return Entry(type: raw.type, count: count, offset: outside)
    }

    private func value(_ tag: UInt64, of entries: [UInt64: Entry]) throws(FileError) -> UInt64? {
        try entries[tag].flatMap { entry throws(FileError) in try values(entry, 0, 1).first }
    }

    /// What libtiff takes for the length of each strip or tile in place of a wrong one; nil for those that are compressed,
    /// and where the directory does not tell.
    private func calculatedLength(
        _ entries: [UInt64: Entry], count: Int64?, isTiled: Bool
    ) throws(FileError) -> UInt64? {
        let isPlanar = try isPlanar(entries)
        guard try value(259, of: entries) == 1, try value(262, of: entries) != 6, let count, count > 0,
            count == 1 || !isPlanar, let height = try value(isTiled ? 323 : 257, of: entries)
        else { return nil }
        return try rowBytes(entries, isTiled: isTiled)
            *? (isTiled ? height : height / UInt64(clamping: count))
    }

    /// Whether libtiff calculates the lengths of strips or tiles that are not compressed: one that goes beyond the file's
    /// end, or the first two of several that differ.
    private func areWrong(_ lengths: [UInt64], at places: [UInt64], count: Int64?) -> Bool {
        guard let first = lengths.first, let place = places.first else { return false }
        if count == 1 { return (place +? first).map { $0 > UInt64(clamping: source.size) } ?? true }
        return (count ?? 0) > 2 && lengths.count > 1 && first != lengths[1] && first != 0 && lengths[1] != 0
    }

    /// How many strips or tiles the image has; nil where the directory does not tell.
    private func pieceCount(_ entries: [UInt64: Entry], isTiled: Bool) throws(FileError) -> Int64? {
        func value(_ tag: UInt64) throws(FileError) -> UInt64? { try self.value(tag, of: entries) }
        guard let width = try value(256), let height = try value(257) else { return nil }
        guard let columns = isTiled ? try value(322) : max(1, width),
            let rows = isTiled ? try value(323) : try value(278) ?? max(1, height)
        else { return nil }
        let isPlanar = try value(284) == 2
        let planes = isPlanar ? try value(277) ?? 1 : 1
        let count = width.dividedRoundingUp(by: columns) *? height.dividedRoundingUp(by: rows) *? planes
        return count.flatMap { Int64(exactly: $0) }
    }

    /// The bytes of a row of pixels that are stored as they are, of one plane where samples lie in planes; nil where the
    /// directory does not tell.
    private func rowBytes(_ entries: [UInt64: Entry], isTiled: Bool) throws(FileError) -> UInt64? {
        let samples = try isPlanar(entries) ? 1 : try value(277, of: entries) ?? 1
        guard let width = try value(isTiled ? 322 : 256, of: entries), let bits = try value(258, of: entries) else {
            return nil
        }
        return (width *? samples *? bits)?.dividedRoundingUp(by: 8)
    }

    private func isPlanar(_ entries: [UInt64: Entry]) throws(FileError) -> Bool { try value(284, of: entries) == 2 }

    /// Holds offsets (StripOffsets, TileOffsets) and lengths against the file's size.
    ///
    /// - Parameters:
    ///   - needed: how many of them the image has; nil for all that there are.
    ///   - calculated: the length of one where those of the file are wrong; nil if that is not known.
    ///   - row: the bytes of a row; nil where pixels are not stored row by row.
    private func pieces(
        _ offsets: Entry?, _ lengths: Entry?, _ needed: Int64?, _ kind: String, calculated: UInt64?,
        isCompressed: Bool, row: Int64?
    ) throws(FileError) -> String? {
        guard let offsets else { return nil }
        let size = UInt64(clamping: source.size)
        let all = min(offsets.count, needed ?? .max)
        var index: Int64 = 0
        var assumed: UInt64?
        var (first, last, lastStart) = (UInt64.max, UInt64(0), UInt64(0))
        while index < all, !source.isSpent {
            let count = min(Self.batch, all &- index)
            let places = try values(offsets, index, count)
            let sizes = try lengths.map { entry throws(FileError) in try values(entry, index, count) }
            if index == 0, let sizes, areWrong(sizes, at: places, count: needed) { assumed = calculated }
            for (number, place) in places.enumerated() {
                let length = sizes.flatMap { number < $0.count ? $0[number] : nil } ?? 1
                if place == 0 || length == 0 {
                    return "\(kind) \(index &+ Int64(clamping: number)) of the TIFF is not written yet"
                }
                guard let end = place +? (assumed ?? length), end <= size else {
                    return "\(kind) \(index &+ Int64(clamping: number)) of the TIFF ends beyond the file's end"
                }
                first = min(first, place)
                if end > last { (last, lastStart) = (end, place) }
            }
            index &+= count
        }
        // What is written in order lacks its end.
        let (start, end, length) = (Int64(clamping: first), Int64(clamping: last), last &- lastStart)
        let isUnwritten =
            isCompressed
            ? length >= 32 ? try source.zeros(before: end, atMost: 16) >= 16 : false
            : lengths == nil
                ? false : try source.endsUnwritten(from: start, to: end, row: row)
        return isUnwritten ? "the last \(kind) of the TIFF ends in zeros, as if not written yet" : nil
    }

    /// Those of a number's types; none for others.
    private func values(_ entry: Entry, _ first: Int64, _ count: Int64) throws(FileError) -> [UInt64] {
        guard let size = Self.sizes[entry.type], [2, 4, 8].contains(size), first < entry.count,
            let at = entry.offset +? (first *? size), let width = Int(exactly: size),
            let length = Int(exactly: min(count, entry.count &- first)) *? width
        else { return [] }
        let bytes = try source.bytes(at: at, count: length)
        let reader = ByteReader(bytes: bytes, bigEndian: isBigEndian)
        return (0..<bytes.count / width).compactMap { reader.integer(at: $0 &* width, size: width) }
    }

    private func number(_ offset: Int64, _ size: Int) throws(FileError) -> UInt64? {
        try source.integer(at: offset, size: size, bigEndian: isBigEndian)
    }
}
