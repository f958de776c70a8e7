import ImageFiles
import NCTEngine

/// A TIFF file written by hand, tag by tag: the independent truth that reading with libtiff is held against.
///
/// Source: TIFF 6.0 (Adobe 1992) with its technical notes on deflate and JPEG; the BigTIFF design.
struct TIFFFile {
    enum Compression: Int, CaseIterable {
        case none = 1, lzw = 5, jpeg = 7, deflate = 8, packBits = 32773
    }

    enum Chunks: Equatable {
        case strips(rows: Int)
        case tiles(width: Int, height: Int)
    }

    struct Entry {
        var tag: Int
        var type: Int
        /// Numbers of the type; rationals are two numbers a value.
        var values: [Int]
    }

    var bigEndian = false
    var isBig = false
    var width: Int
    var height: Int
    var bits = 8
    var samples = 3
    var photometric = 2
    var compression = Compression.none
    /// 2 stores differences of neighbors, for LZW and deflate.
    var predictor = 1
    var chunks = Chunks.strips(rows: 1 << 16)
    var isPlanar = false
    var more: [Entry] = []
    /// `height × width × samples`, channels innermost.
    var values: [Int]

    /// The tags by which a test makes a file lie; they replace those that would be right.
    var lies: [Entry] = []

    static func bytes(_ pages: TIFFFile...) -> [UInt8] {
        let first = pages[0]
        var writer = TIFFBytes(bigEndian: first.bigEndian)
        writer.bytes = first.bigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
        writer.append(first.isBig ? 43 : 42, 2)
        if first.isBig {
            writer.append(8, 2)
            writer.append(0, 2)
        }
        writer.append(first.isBig ? 16 : 8, first.isBig ? 8 : 4)
        for (index, page) in pages.enumerated() {
            page.append(to: &writer, isLast: index == pages.count - 1)
        }
        return writer.bytes
    }

    /// The directory, then the values that do not fit in it, then the chunks.
    private func append(to writer: inout TIFFBytes, isLast: Bool) {
        let data = encodedChunks()
        var entries = directory(chunkCounts: data.map(\.count))
        let word = isBig ? 8 : 4
        let directorySize = (isBig ? 8 : 2) + entries.count * (isBig ? 20 : 12) + word
        let outside = entries.map { size(of: $0) }.filter { $0 > word }.reduce(0) { $0 + $1 + $1 % 2 }
        var place = writer.bytes.count + directorySize + outside
        let offsets = data.map { chunk in
            defer { place += chunk.count + chunk.count % 2 }
            return place
        }
        for index in entries.indices where entries[index].tag == 273 || entries[index].tag == 324 {
            if !lies.contains(where: { $0.tag == entries[index].tag }) { entries[index].values = offsets }
        }
        writer.append(entries.count, isBig ? 8 : 2)
        var valuePlace = writer.bytes.count - (isBig ? 8 : 2) + directorySize
        for entry in entries {
            writer.append(entry.tag, 2)
            writer.append(entry.type, 2)
            writer.append(entry.values.count / (entry.type == 5 ? 2 : 1), word)
            let size = size(of: entry)
            if size <= word {
                for value in entry.values { writer.append(value, Self.width(of: entry.type)) }
                for _ in size..<word { writer.bytes.append(0) }
            } else {
                writer.append(valuePlace, word)
                valuePlace += size + size % 2
            }
        }
        writer.append(isLast ? 0 : place, word)
        for entry in entries where size(of: entry) > word {
            for value in entry.values { writer.append(value, Self.width(of: entry.type)) }
            writer.pad()
        }
        for chunk in data {
            writer.bytes += chunk
            writer.pad()
        }
    }

    /// Bytes of one number; a rational has two of them.
    private static func width(of type: Int) -> Int { [3: 2, 4: 4, 5: 4, 16: 8][type] ?? 1 }
    private func size(of entry: Entry) -> Int { entry.values.count * Self.width(of: entry.type) }

    private func directory(chunkCounts: [Int]) -> [Entry] {
        let long = isBig ? 16 : 4
        var entries = [
            Entry(tag: 256, type: 4, values: [width]), Entry(tag: 257, type: 4, values: [height]),
            Entry(tag: 258, type: 3, values: Array(repeating: bits, count: samples)),
            Entry(tag: 259, type: 3, values: [compression.rawValue]), Entry(tag: 262, type: 3, values: [photometric]),
            Entry(tag: 277, type: 3, values: [samples]), Entry(tag: 284, type: 3, values: [isPlanar ? 2 : 1]),
            Entry(tag: 317, type: 3, values: [predictor]),
        ]
        if predictor == 1 { entries.removeLast() }
        switch chunks {
        case .strips(let rows):
            entries += [
                Entry(tag: 273, type: long, values: chunkCounts), Entry(tag: 278, type: 4, values: [min(rows, height)]),
                Entry(tag: 279, type: long, values: chunkCounts),
            ]
        case .tiles(let width, let height):
            entries += [
                Entry(tag: 322, type: 4, values: [width]), Entry(tag: 323, type: 4, values: [height]),
                Entry(tag: 324, type: long, values: chunkCounts), Entry(tag: 325, type: long, values: chunkCounts),
            ]
        }
        entries.removeAll { entry in (more + lies).contains { $0.tag == entry.tag } }
        return (entries + more + lies).sorted { $0.tag < $1.tag }
    }

    /// Strips or tiles, plane by plane.
    private func encodedChunks() -> [[UInt8]] {
        let (chunkWidth, chunkHeight): (Int, Int) =
            switch chunks {
            case .strips(let rows): (width, min(rows, height))
            case .tiles(let width, let height): (width, height)
            }
        var encoded: [[UInt8]] = []
        for plane in 0..<(isPlanar ? samples : 1) {
            let channels = isPlanar ? plane..<plane + 1 : 0..<samples
            for top in stride(from: 0, to: height, by: chunkHeight) {
                for left in stride(from: 0, to: width, by: chunkWidth) {
                    var rows: [[Int]] = []
                    for y in top..<top + chunkHeight {
                        if case .strips = chunks, y >= height { break }
                        rows.append(
                            (left..<left + chunkWidth).flatMap { x in
                                channels.map { c in
                                    x < width && y < height ? values[(y * width + x) * samples + c] : 0
                                }
                            })
                    }
                    encoded.append(encode(rows, channels: channels.count))
                }
            }
        }
        return encoded
    }

    private func encode(_ rows: [[Int]], channels: Int) -> [UInt8] {
        if compression == .jpeg {
            let image = RGBImage(
                width: rows[0].count / 3, height: rows.count, samples: rows.flatMap { $0 }.map { Float($0) / 255 })
            return try! ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .jpeg))
        }
        var writer = TIFFBytes(bigEndian: bigEndian)
        for row in rows {
            let stored =
                predictor == 1
                ? row
                : row.indices.map { i in
                    i < channels ? row[i] : (row[i] - row[i - channels]) & (1 << bits - 1)
                }
            writer.appendRow(stored, bits: bits)
        }
        switch compression {
        case .none, .jpeg: return writer.bytes
        case .lzw: return TIFFCompressors.lzw(writer.bytes)
        case .deflate: return TIFFCompressors.deflate(writer.bytes)
        case .packBits: return TIFFCompressors.packBits(writer.bytes)
        }
    }
}

/// Bytes with numbers in one of both orders.
struct TIFFBytes {
    var bytes: [UInt8] = []
    var bigEndian: Bool

    init(bigEndian: Bool) { self.bigEndian = bigEndian }

    mutating func append(_ value: Int, _ size: Int) {
        for i in 0..<size {
            bytes.append(UInt8(truncatingIfNeeded: value >> (8 * (bigEndian ? size - 1 - i : i))))
        }
    }

    /// Samples of fewer than 8 bits fill bytes from the high end; rows begin at a byte.
    mutating func appendRow(_ row: [Int], bits: Int) {
        guard bits < 8 else {
            for value in row { append(value, bits / 8) }
            return
        }
        for start in stride(from: 0, to: row.count, by: 8 / bits) {
            var byte = 0
            for (i, value) in row[start..<min(start + 8 / bits, row.count)].enumerated() {
                byte |= value << (8 - bits * (i + 1))
            }
            bytes.append(UInt8(byte))
        }
    }

    mutating func pad() { if bytes.count % 2 == 1 { bytes.append(0) } }
}
