import ImageFiles
import NCTEngine
import Testing

@Suite("PNG")
struct PNGCodecTests {
    @Test("What is written is read back exactly, with its resolution, and as sRGB", arguments: [8, 16])
    func roundTrip(depth: Int) throws {
        var generator = SeededGenerator(seed: 1)
        let image = Pictures.noise(width: 61, height: 43, depth: depth, using: &generator)
        let metadata = ImageMetadata(
            format: .png, bitDepth: depth, resolution: ImageResolution(x: 4000, y: 3937))
        let file = ImageFile(image: image, metadata: metadata)
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .png))
        let back = try ImageReader.decode(bytes, name: "back.png")
        #expect(back.image == image)
        #expect(back.metadata.bitDepth == depth && back.metadata.channels == 3)
        #expect(back.metadata.resolution == ImageResolution(x: 4000, y: 3937))
        #expect(back.metadata.colorConversion == nil && Self.contains(bytes, "sRGB"))
        #expect(try ImageWriter.encode(file, options: ImageWriteOptions(format: .png)) == bytes)
    }

    /// A PNG written by hand: one byte or sample run a row, filter 0, stored.
    private func png(width: Int, bits: Int, color: Int, rows: [[UInt8]], before: [(String, [UInt8])] = []) -> [UInt8] {
        func chunk(_ type: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(type.utf8) + data
            return Bytes.bigEndian(data.count) + body + Bytes.bigEndian(Int(Bytes.crc(body)))
        }
        let header = Bytes.bigEndian(width) + Bytes.bigEndian(rows.count) + [UInt8(bits), UInt8(color), 0, 0, 0]
        var bytes: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", header)
        for (type, data) in before { bytes += chunk(type, data) }
        bytes += chunk("IDAT", TIFFCompressors.deflate(rows.flatMap { [0] + $0 }))
        return bytes + chunk("IEND", [])
    }

    private func values(_ file: ImageFile) -> [Int] { file.image.samples.map { Int(($0 * 255).rounded()) } }

    @Test("Gray of 1, 2, 4, 8 and 16 bits is repeated in all channels")
    func gray() throws {
        let cases: [(bits: Int, row: [UInt8], expected: [Int])] = [
            (1, [0b1010_0000], [255, 0, 255]), (2, [0b0001_1000], [0, 85, 170]), (4, [0x0F, 0x30], [0, 255, 51]),
            (8, [1, 2, 255], [1, 2, 255]), (16, [0x80, 0x80, 0, 0, 255, 255], [128, 0, 255]),
        ]
        for (bits, row, expected) in cases {
            let back = try ImageReader.decode(png(width: 3, bits: bits, color: 0, rows: [row]), name: "gray.png")
            #expect(values(back) == expected.flatMap { [$0, $0, $0] })
            #expect(back.metadata.channels == 1 && back.metadata.bitDepth == max(bits, 8))
        }
    }

    @Test("Labels are written as one gray channel and read back exactly; a map without pixels is refused")
    func labels() throws {
        let map = LabelMap<SmearClass>(width: 67, height: 31, bytes: (0..<67 * 31).map { UInt8($0 * 7 % 256) })
        let bytes = try ImageWriter.encode(map)
        let back = try ImageReader.decode(bytes, name: "labels.png")
        #expect(back.metadata.channels == 1 && back.metadata.bitDepth == 8)
        #expect(back.image.width == 67 && back.image.height == 31)
        #expect(values(back) == map.bytes.flatMap { [Int($0), Int($0), Int($0)] })
        #expect(throws: ImageFileError.self) { try ImageWriter.encode(LabelMap<SmearClass>(width: 0, height: 0)) }
    }

    private static func contains(_ bytes: [UInt8], _ chunk: String) -> Bool {
        bytes.indices.dropLast(4).contains { bytes[$0..<$0 + 4].elementsEqual(chunk.utf8) }
    }

    @Test("Gray with alpha, and a palette with and without transparency, are read; what is hidden shows the background")
    func alphaAndPalette() throws {
        let grayAlpha = try ImageReader.decode(
            png(width: 2, bits: 8, color: 4, rows: [[10, 255, 20, 51]]), name: "graya.png")
        #expect(values(grayAlpha) == [10, 10, 10, 12, 12, 12])
        let palette: (String, [UInt8]) = ("PLTE", [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let plain = try ImageReader.decode(
            png(width: 3, bits: 2, color: 3, rows: [[0b1000_0100]], before: [palette]), name: "palette.png")
        #expect(values(plain) == [7, 8, 9, 1, 2, 3, 4, 5, 6])
        let transparent = try ImageReader.decode(
            png(width: 3, bits: 2, color: 3, rows: [[0b1000_0100]], before: [palette, ("tRNS", [0])]), name: "t.png")
        #expect(values(transparent) == [7, 8, 9, 7, 8, 9, 4, 5, 6])
        let hidden = try ImageReader.decode(
            png(width: 3, bits: 2, color: 3, rows: [[0b1000_0100]], before: [palette, ("tRNS", [0, 0, 0])]),
            name: "h.png")
        #expect(values(hidden) == values(plain) && hidden.metadata.warnings.contains { $0.contains("alpha") })
    }

    @Test("A checksum that fails is an error in every chunk that matters")
    func checksums() throws {
        let image = Pictures.smooth(width: 20, height: 20)
        let bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png))
        for at in [30, bytes.count / 2, bytes.count - 1] {
            var damaged = bytes
            damaged[at] ^= 1
            #expect(failure(damaged)?.code == .corrupt, "byte \(at)")
        }
    }

    @Test("A descriptive chunk that fails its checksum is a warning, and the pixels are read")
    func ancillaryChecksum() throws {
        let image = Pictures.smooth(width: 20, height: 20)
        var bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png))
        let sound = try ImageReader.decode(bytes, name: "sound.png")
        bytes = Bytes.png(bytes, adding: "tEXt", Array("Comment\0field 7".utf8))
        bytes[8 + 25 + 8 + 3] ^= 1
        let back = try ImageReader.decode(bytes, name: "odd.png")
        #expect(back.image == sound.image)
        #expect(back.metadata.warnings == ["the chunk tEXt fails its checksum and was ignored"])
    }

    @Test("eXIf counts wherever it stands; orientations elsewhere are said to be unused; another gamma is followed")
    func metadata() throws {
        let image = Pictures.smooth(width: 20, height: 12)
        let bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png))
        // Without the chunk that says sRGB, which comes before gAMA.
        let plain = Bytes.png(bytes, without: "sRGB")
        let exif = Bytes.exif([.init(tag: 274, type: 3, values: [6])])
        let end = plain.count - 12
        let chunk = Bytes.png(plain, adding: "eXIf", exif)[33..<33 + 12 + exif.count]
        let after = try ImageReader.decode(Array(plain[..<end] + chunk + plain[end...]), name: "after.png")
        #expect(after.image.width == 12 && after.metadata.orientationApplied == 6)
        #expect(after.metadata.warnings.isEmpty)
        let gamma = try ImageReader.decode(Bytes.png(plain, adding: "gAMA", Bytes.bigEndian(100_000)), name: "g.png")
        #expect(gamma.metadata.colorConversion?.origin == .tags && gamma.metadata.warnings.isEmpty)
        // Half the light is 188 of 255.
        let half = try ImageReader.decode(plain, name: "p.png").image.samples.firstIndex { abs($0 - 0.5) < 0.01 }
        #expect(abs(gamma.image.samples[try #require(half)] - 188.0 / 255) < 0.01)
        let text = Array("Raw profile type exif\0\0".utf8) + TIFFCompressors.deflate(Array("exif".utf8))
        let raw = try ImageReader.decode(Bytes.png(plain, adding: "zTXt", text), name: "raw.png")
        #expect(raw.metadata.warnings.contains { $0.contains("text chunk") }, "\(raw.metadata.warnings)")
        let usual = try ImageReader.decode(Bytes.png(plain, adding: "gAMA", Bytes.bigEndian(45_455)), name: "u.png")
        #expect(usual.metadata.warnings.isEmpty)
    }
}
