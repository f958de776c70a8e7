import ImageFiles
import NCTEngine
import Testing

@Suite("Tag directories")
struct TagDirectoryTests {
    private func text(_ text: String) -> [Int] { text.utf8.map(Int.init) }

    @Test("Numbers, texts and resolution are read in both byte orders", arguments: [false, true])
    func read(bigEndian: Bool) throws {
        let block = Bytes.exif(
            [
                .init(tag: 274, type: 3, values: [6]), .init(tag: 256, type: 4, values: [70_000]),
                .init(tag: 271, type: 2, values: text("  Leica\u{1}Microsystems \0 rest")),
                .init(tag: 272, type: 2, values: text("DM\0")), .init(tag: 305, type: 2, values: text(" \n\0")),
                .init(tag: 282, type: 5, values: [300, 1]), .init(tag: 283, type: 5, values: [600, 2]),
            ], bigEndian: bigEndian)
        let tags = try #require(TagDirectory(block))
        #expect(tags.integer(.orientation) == 6 && tags.integer(.width) == 70_000 && tags.integer(.height) == nil)
        #expect(tags.text(.make) == "Leica Microsystems" && tags.text(.model) == "DM" && tags.text(.software) == nil)
        // Inches are the unit where none is given.
        #expect(tags.resolution == ImageResolution(x: 300 / 0.0254, y: 300 / 0.0254))
        #expect(tags.integer(.make) == nil && tags.text(.orientation) == nil)
    }

    @Test("A resolution of zero, without denominator or unit means none")
    func noResolution() {
        for (x, unit) in [([0, 1], 2), ([300, 0], 2), ([300, 1], 1), ([300, 1], 9)] {
            let block = Bytes.exif([
                .init(tag: 282, type: 5, values: x), .init(tag: 283, type: 5, values: [300, 1]),
                .init(tag: 296, type: 3, values: [unit]),
            ])
            #expect(TagDirectory(block)?.resolution == nil, "\(x), unit \(unit)")
        }
    }

    @Test("The EXIF directory's own tags are read, the first directory's win, and a loop ends")
    func nested() throws {
        var block = Bytes.exif([
            .init(tag: 306, type: 2, values: text("first\0")), .init(tag: 34665, type: 4, values: [0]),
        ])
        let place = block.count
        block.replaceSubrange(8 + 2 + 12 + 8..<8 + 2 + 24, with: Bytes.littleEndian(place))
        var inner = TIFFBytes(bigEndian: false)
        inner.append(2, 2)
        for (tag, type, value) in [(306, 2, 0x66), (36867, 2, 0x67)] {
            inner.append(tag, 2)
            inner.append(type, 2)
            inner.append(2, 4)
            inner.append(value, 4)
        }
        block += inner.bytes
        let tags = try #require(TagDirectory(block))
        #expect(tags.text(.dateTime) == "first" && tags.text(.dateTimeOriginal) == "g")
        block.replaceSubrange(8 + 2 + 12 + 8..<8 + 2 + 24, with: Bytes.littleEndian(8))
        #expect(TagDirectory(block)?.text(.dateTime) == "first")
    }

    @Test("What is cut off or points outside reads as absent, at every length")
    func cutOff() {
        let block = Bytes.exif([
            .init(tag: 271, type: 2, values: text("Leica Microsystems\0")), .init(tag: 282, type: 5, values: [300, 1]),
        ])
        for length in 0..<block.count {
            let tags = TagDirectory(Array(block.prefix(length)))
            #expect(tags?.resolution == nil)
            if length < 8 + 2 { #expect(tags == nil) }
        }
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            var damaged = block
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<block.count, using: &generator)] = UInt8.random(
                    in: 0...255, using: &generator)
            }
            // BigTIFF's offsets have 64 bits, some beyond Int.
            if Bool.random(using: &generator) { damaged[2] = 43 }
            let tags = TagDirectory(damaged)
            _ = (tags?.text(.make), tags?.resolution, tags?.integer(.width))
        }
    }
}
