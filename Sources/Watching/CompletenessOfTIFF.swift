/// Follows a TIFF's directories and holds every strip and tile against the file's size.
struct TIFFLayout {
    private let source: ByteSource
    private let isBigEndian: Bool

    init(_ source: ByteSource, isBigEndian: Bool) {
        self.source = source
        self.isBigEndian = isBigEndian
    }

    private struct Entry {
        var type: UInt64
        var count: UInt64
        var offset: Int64
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
        var seen: Set<UInt64> = []
        var next = first
        while next != 0, seen.count < 4096, seen.insert(next).inserted {
            let result = try directory(at: next, isBig: isBig)
            switch result {
            case .success(let following): next = following
            case .failure(let missing): return .incomplete(missing.what)
            }
        }
        return .whole
    }

    private struct Missing: Error { let what: String }

    /// The offset of the next directory, or what lies outside the file.
    private func directory(at offset: UInt64, isBig: Bool) throws(FileError) -> Result<UInt64, Missing> {
        let cut = Missing(what: "a TIFF directory at byte \(offset) lies beyond the file's end (\(source.size) bytes)")
        guard let start = Int64(exactly: offset), start < source.size,
            let count = try number(start, isBig ? 8 : 2).flatMap({ Int64(exactly: $0) }), count <= 65535
        else { return .failure(cut) }
        let head: Int64 = isBig ? 8 : 2
        let entrySize: Int64 = isBig ? 20 : 12
        let bytes = try source.bytes(at: start + head, count: Int(count * entrySize))
        guard bytes.count == Int(count * entrySize),
            let next = try number(start + head + count * entrySize, isBig ? 8 : 4)
        else { return .failure(cut) }
        var entries: [UInt64: Entry] = [:]
        for index in 0..<Int(count) {
            let at = index * Int(entrySize)
            let tag = bytes.integer(at: at, size: 2, bigEndian: isBigEndian)
            let type = bytes.integer(at: at + 2, size: 2, bigEndian: isBigEndian)
            let values = bytes.integer(at: at + 4, size: isBig ? 8 : 4, bigEndian: isBigEndian)
            guard let size = Self.sizes[type] else { continue }
            let room: Int64 = isBig ? 8 : 4
            let inline = at + (isBig ? 12 : 8)
            guard let number = Int64(exactly: values), number <= source.size else {
                return .failure(Missing(what: "the values of TIFF tag \(tag) lie beyond the file's end"))
            }
            var place = start + head + Int64(inline)
            if number * size > room {
                let stored = bytes.integer(at: inline, size: Int(room), bigEndian: isBigEndian)
                guard let outside = Int64(exactly: stored), outside <= source.size - number * size else {
                    return .failure(Missing(what: "the values of TIFF tag \(tag) lie beyond the file's end"))
                }
                place = outside
            }
            entries[tag] = Entry(type: type, count: values, offset: place)
        }
        if let missing = try pieces(entries[273], entries[279], "strip") { return .failure(missing) }
        if let missing = try pieces(entries[324], entries[325], "tile") { return .failure(missing) }
        return .success(next)
    }

    /// Holds offsets (StripOffsets, TileOffsets) and lengths against the file's size.
    private func pieces(_ offsets: Entry?, _ lengths: Entry?, _ kind: String) throws(FileError) -> Missing? {
        guard let offsets else { return nil }
        var index: Int64 = 0
        while index < Int64(offsets.count) {
            let count = min(Self.batch, Int64(offsets.count) - index)
            let places = try values(offsets, index, count)
            let sizes = try lengths.map { entry throws(FileError) in try values(entry, index, count) }
            for (number, place) in places.enumerated() {
                let size = sizes.flatMap { number < $0.count ? $0[number] : nil } ?? 1
                if place == 0 || size == 0 {
                    return Missing(what: "\(kind) \(index + Int64(number)) of the TIFF is not written yet")
                }
                if place > UInt64(source.size) || size > UInt64(source.size) - place {
                    return Missing(what: "\(kind) \(index + Int64(number)) of the TIFF ends beyond the file's end")
                }
            }
            index += count
        }
        return nil
    }

    private func values(_ entry: Entry, _ first: Int64, _ count: Int64) throws(FileError) -> [UInt64] {
        guard let size = Self.sizes[entry.type], [2, 4, 8].contains(size), first < Int64(entry.count) else { return [] }
        let bytes = try source.bytes(
            at: entry.offset + first * size, count: Int(min(count, Int64(entry.count) - first) * size))
        return (0..<bytes.count / Int(size)).map {
            bytes.integer(at: $0 * Int(size), size: Int(size), bigEndian: isBigEndian)
        }
    }

    private func number(_ offset: Int64, _ size: Int) throws(FileError) -> UInt64? {
        try source.integer(at: offset, size: size, bigEndian: isBigEndian)
    }
}
