import ImageFiles
import NCTEngine
import Testing

@Suite("Reading BMP")
struct BMPReaderTests {
    private func decode(_ file: BMPFile) throws -> ImageFile { try ImageReader.decode(file.bytes, name: "test.bmp") }
    private func values(_ file: ImageFile) -> [Int] { file.image.samples.map { Int(($0 * 255).rounded()) } }

    /// Black, red, green, blue as blue, green, red.
    private let four: [[UInt8]] = [[0, 0, 0], [0, 0, 255], [0, 255, 0], [255, 0, 0]]
    private let colors = [[0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]]

    private func expect(_ file: BMPFile, indices: [Int], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let back = try decode(file)
        #expect(values(back) == indices.flatMap { colors[$0] }, sourceLocation: sourceLocation)
        #expect(back.metadata.channels == 3, sourceLocation: sourceLocation)
    }

    @Test("Palettes of 1, 2, 4 and 8 bits are read with every header", arguments: [12, 40, 52, 56, 64, 108, 124])
    func palettes(headerSize: Int) throws {
        // Three columns, two rows, the bottom row first.
        var file = BMPFile(headerSize: headerSize, width: 3, height: 2, bits: 8, palette: four, pixels: [])
        if headerSize == 12 { file.palette += Array(repeating: [9, 9, 9], count: 252) }
        file.pixels = [0, 1, 2, 0, 3, 2, 1, 0]
        file.colorsUsed = headerSize == 12 ? 0 : 4
        try expect(file, indices: [3, 2, 1, 0, 1, 2])
        file.palette = four
        file.bits = 4
        file.pixels = [0x01, 0x20, 0, 0, 0x32, 0x10, 0, 0]
        try expect(file, indices: [3, 2, 1, 0, 1, 2])
        file.palette = Array(four.prefix(2))
        file.colorsUsed = 0
        file.bits = 1
        file.pixels = [0b0100_0000, 0, 0, 0, 0b1010_0000, 0, 0, 0]
        try expect(file, indices: [1, 0, 1, 0, 1, 0])
        guard headerSize > 12 else { return }
        file.palette = four
        file.bits = 2
        file.pixels = [0b0001_1000, 0, 0, 0, 0b1110_0100, 0, 0, 0]
        try expect(file, indices: [3, 2, 1, 0, 1, 2])
    }

    @Test("24 and 32 bits are read in both row orders; the fourth byte is no alpha without a mask")
    func direct() throws {
        let rows: [[UInt8]] = [[1, 2, 3, 4, 5, 6, 0, 0], [7, 8, 9, 10, 11, 12, 0, 0]]
        let up = [9, 8, 7, 12, 11, 10, 3, 2, 1, 6, 5, 4]
        let down = [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10]
        #expect(values(try decode(BMPFile(width: 2, height: 2, bits: 24, pixels: rows[0] + rows[1]))) == up)
        #expect(values(try decode(BMPFile(width: 2, height: -2, bits: 24, pixels: rows[0] + rows[1]))) == down)
        #expect(
            values(try decode(BMPFile(headerSize: 12, width: 2, height: 2, bits: 24, pixels: rows[0] + rows[1]))) == up)
        // The last row's padding may be missing.
        #expect(
            values(try decode(BMPFile(width: 2, height: 2, bits: 24, pixels: Array((rows[0] + rows[1]).dropLast(2)))))
                == up)
        let wide = BMPFile(width: 1, height: -2, bits: 32, pixels: [1, 2, 3, 0, 4, 5, 6, 99])
        let back = try decode(wide)
        #expect(values(back) == [3, 2, 1, 6, 5, 4] && back.metadata.channels == 3)
    }

    @Test("16 bits are read as 5-5-5 and by masks as 5-6-5, scaled to the full range")
    func sixteen() throws {
        func word(_ value: Int) -> [UInt8] { Bytes.littleEndian(value, 2) }
        let fives = BMPFile(width: 2, height: 1, bits: 16, pixels: word(0x7C00 | 16 << 5) + word(0x801F))
        #expect(values(try decode(fives)) == [255, 132, 0, 0, 0, 255])
        var sixes = fives
        sixes.compression = 3
        sixes.masks = [0xF800, 0x07E0, 0x001F]
        sixes.pixels = word(0xF800 | 32 << 5) + word(0x001F)
        for headerSize in [40, 52, 108, 124] {
            sixes.headerSize = headerSize
            #expect(values(try decode(sixes)) == [255, 130, 0, 0, 0, 255])
        }
    }

    @Test(
        "Masks place the channels of 32 bits anywhere, and alpha is followed where there is one",
        arguments: [40, 56, 108, 124])
    func masks(headerSize: Int) throws {
        var file = BMPFile(headerSize: headerSize, width: 2, height: 1, bits: 32, pixels: [51, 1, 2, 3, 255, 4, 5, 6])
        file.compression = headerSize == 40 ? 6 : 3
        file.masks = [0x0000_FF00, 0x00FF_0000, 0xFF00_0000, 0x0000_00FF]
        let back = try decode(file)
        // A fifth of the first pixel, and the rest is the second's color.
        #expect(values(back) == [3, 4, 5, 4, 5, 6] && back.metadata.channels == 4)
        // Ten bits a channel are rounded to eight, and that is said.
        file.masks = [0x3FF0_0000, 0x000F_FC00, 0x0000_03FF, 0]
        file.pixels = Bytes.littleEndian(1023 << 20 | 512 << 10 | 2) + Bytes.littleEndian(0)
        let deep = try decode(file)
        #expect(values(deep) == [255, 128, 0, 0, 0, 0])
        #expect(deep.metadata.warnings.contains { $0.contains("8 bits") })
    }

    @Test("Run lengths of 8 bits: runs, pixels as they are, steps, ends of rows")
    func runLengths8() throws {
        var file = BMPFile(width: 5, height: 3, bits: 8, compression: 1, palette: four, pixels: [])
        // Bottom row: five of 1. Middle row: 1, 2, 3 as they are (padded), then two of 0. Top row: skip two, three of 2.
        file.pixels = [5, 1, 0, 0, 0, 3, 1, 2, 3, 0, 2, 0, 0, 0, 0, 2, 2, 0, 3, 2, 0, 1]
        try expect(file, indices: [0, 0, 2, 2, 2, 1, 2, 3, 0, 0, 1, 1, 1, 1, 1])
        #expect(try decode(file).metadata.warnings.contains { $0.contains("skip") })
        // Coded padding is dropped.
        file.pixels = [8, 1, 0, 0, 4, 1, 4, 2, 0, 0, 5, 3, 0, 1]
        try expect(file, indices: [3, 3, 3, 3, 3, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1])
        // An end without a skip draws no remark.
        file.height = 1
        file.pixels = [5, 3, 0, 1]
        try expect(file, indices: [3, 3, 3, 3, 3])
        #expect(try decode(file).metadata.warnings.isEmpty)
    }

    @Test("Run lengths of 4 bits: two colors in turns, pixels as they are")
    func runLengths4() throws {
        var file = BMPFile(width: 5, height: 2, bits: 4, compression: 2, palette: four, pixels: [])
        file.pixels = [5, 0x12, 0, 0, 0, 5, 0x32, 0x10, 0x30, 0, 0, 1]
        try expect(file, indices: [3, 2, 1, 0, 3, 1, 2, 1, 2, 1])
    }

    @Test("Run lengths that leave the image, end early or go from top to bottom are refused")
    func badRunLengths() {
        let cases: [(pixels: [UInt8], height: Int, code: ImageFileError.Code)] = [
            ([9, 1, 0, 1], 2, .corrupt), ([5, 1, 4, 1, 0, 1], 2, .corrupt),
            ([5, 1, 0, 0, 5, 1, 0, 0, 1, 1], 2, .corrupt),
            ([0, 2, 200, 200, 1, 1, 0, 1], 2, .corrupt), ([5, 1, 0, 0], 2, .truncated), ([5], 2, .truncated),
            ([0, 9, 1, 1], 2, .truncated), ([], 2, .truncated), ([5, 1, 0, 1], -2, .corrupt),
        ]
        for (pixels, height, code) in cases {
            let file = BMPFile(width: 5, height: height, bits: 8, compression: 1, palette: four, pixels: pixels)
            #expect(failure(file.bytes)?.code == code, "\(pixels)")
        }
    }

    @Test("A color beyond the palette is black, and a missing end mark after the last row is overlooked; both are said")
    func lenient() throws {
        var file = BMPFile(width: 4, height: 1, bits: 8, palette: Array(four.prefix(2)), pixels: [0, 1, 2, 77])
        file.colorsUsed = 2
        let back = try decode(file)
        #expect(Array(values(back).suffix(6)) == [0, 0, 0, 0, 0, 0])
        #expect(back.metadata.warnings == ["pixels with colors beyond the palette's 2 are black"])
        let runs = BMPFile(width: 5, height: 2, bits: 8, compression: 1, palette: four, pixels: [5, 1, 0, 0, 5, 2])
        try expect(runs, indices: [2, 2, 2, 2, 2, 1, 1, 1, 1, 1])
        #expect(try decode(runs).metadata.warnings.contains { $0.contains("mark") })
    }

    @Test("The resolution is read, and a profile that cannot be used is a warning")
    func metadata() throws {
        var file = BMPFile(headerSize: 124, width: 1, height: 1, bits: 24, pixels: [1, 2, 3, 0])
        file.perMeter = (4000, 3000)
        file.profile = Bytes.profile()
        let back = try decode(file)
        #expect(back.metadata.resolution == ImageResolution(x: 4000, y: 3000))
        #expect(values(back) == [3, 2, 1])
        #expect(back.metadata.warnings.contains { $0.contains("ICC profile") })
    }

    @Test("Headers that lie are refused, each with its reason")
    func lies() {
        let base = BMPFile(width: 2, height: 1, bits: 24, pixels: [1, 2, 3, 4, 5, 6, 0, 0])
        func check(
            _ code: ImageFileError.Code, _ words: String, sourceLocation: SourceLocation = #_sourceLocation,
            _ change: (inout BMPFile) -> Void
        ) {
            var file = base
            change(&file)
            let error = failure(file.bytes, "lies.bmp")
            #expect(error?.code == code, sourceLocation: sourceLocation)
            #expect(
                error?.message.contains(words) == true, "\(String(describing: error))", sourceLocation: sourceLocation)
        }
        check(.corrupt, "0 ×") { $0.width = 0 }
        check(.corrupt, "0 ×") { $0.width = -5 }
        check(.corrupt, "× 0") { $0.height = 0 }
        check(.tooLarge, "2147483648") { $0.height = Int(Int32.min) }
        check(.truncated, "rows") { $0.height = 20_000 }
        check(.truncated, "rows") { $0.width = 20_000 }
        check(.truncated, "rows") { $0.offset = 0x7FFF_FFF0 }
        check(.corrupt, "inside the header") { $0.offset = 20 }
        check(.unsupported, "7 bits") { $0.bits = 7 }
        check(.unsupported, "0 bits") { $0.bits = 0 }
        check(.unsupported, "scheme 4") { $0.compression = 4 }
        check(.unsupported, "24 bits a pixel with compression scheme 3") { $0.compression = 3 }
        check(.corrupt, "palette is missing") { $0.bits = 8 }
        check(.corrupt, "mask of green is 101") {
            $0.bits = 32
            $0.compression = 3
            $0.masks = [0xFF_0000, 0x101, 0xFF]
        }
        check(.corrupt, "mask of red is ff0000") {
            $0.bits = 16
            $0.compression = 3
            $0.masks = [0xFF_0000, 0xFF00, 0xFF]
        }
        check(.corrupt, "mask of blue is 0") {
            $0.bits = 32
            $0.compression = 3
            $0.masks = [0xFF_0000, 0xFF00, 0]
        }
    }
}
