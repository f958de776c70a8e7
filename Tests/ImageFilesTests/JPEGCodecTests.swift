import ImageFiles
import NCTEngine
import Testing

@Suite("JPEG")
struct JPEGCodecTests {
    private func encode(_ file: ImageFile, quality: Int = 95) throws -> [UInt8] {
        try ImageWriter.encode(file, options: ImageWriteOptions(format: .jpeg, jpegQuality: quality))
    }

    @Test("The resolution is carried, the result says that it is sRGB, and the same input gives the same bytes")
    func metadata() throws {
        var file = ImageFile(image: Pictures.smooth(width: 40, height: 30))
        // Dots per inch, per centimeter, and finer than the header's own field can say.
        for perMeter in [300 / 0.0254, 4000.0, 65_000_000] {
            file.metadata.resolution = ImageResolution(x: perMeter, y: perMeter / 2)
            let bytes = try encode(file)
            let back = try ImageReader.decode(bytes, name: "back.jpg")
            let resolution = try #require(back.metadata.resolution)
            #expect(abs(resolution.x / perMeter - 1) < 1e-4 && abs(resolution.y / perMeter - 0.5) < 1e-4, "\(perMeter)")
            #expect(back.metadata.colorConversion == nil && back.metadata.warnings.isEmpty)
            #expect(back.metadata.bitDepth == 8 && back.metadata.channels == 3)
            #expect(try encode(file) == bytes)
        }
    }

    @Test("A higher quality is closer to the picture and larger")
    func quality() throws {
        var generator = SeededGenerator(seed: 2)
        let image = Pictures.noise(width: 64, height: 64, depth: 8, using: &generator)
        var last = (bytes: 0, error: Float.infinity)
        for quality in [10, 50, 95, 100] {
            let bytes = try encode(ImageFile(image: image), quality: quality)
            let back = try ImageReader.decode(bytes, name: "q.jpg").image
            let error =
                zip(image.samples, back.samples).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(image.samples.count)
            #expect(bytes.count > last.bytes && error < last.error, "quality \(quality)")
            last = (bytes.count, error)
        }
        #expect(last.error < 0.01)
    }

    @Test("16 bits and qualities outside 1 to 100 are refused")
    func refused() {
        let file = ImageFile(image: Pictures.smooth(width: 4, height: 4))
        for options in [
            ImageWriteOptions(format: .jpeg, bitDepth: 16), .init(format: .jpeg, jpegQuality: 0),
            .init(format: .jpeg, jpegQuality: 101),
        ] {
            #expect { try ImageWriter.encode(file, options: options) } throws: {
                ($0 as? ImageFileError)?.code == .unsupported
            }
        }
    }

    @Test("Data that ends early is an error, not a gray area")
    func endsEarly() throws {
        let bytes = try encode(ImageFile(image: Pictures.smooth(width: 200, height: 200)))
        // All blocks are there without the end marker, and a byte less takes of the last one.
        let whole = try ImageReader.decode(bytes, name: "whole.jpg").image
        for missing in 1...2 {
            let back = try ImageReader.decode(Array(bytes.dropLast(missing)), name: "cut.jpg")
            #expect(back.image == whole && back.metadata.warnings.contains { $0.contains("end marker") })
        }
        #expect(failure(Array(bytes.dropLast(20)))?.code == .truncated)
        #expect(failure(Array(bytes.prefix(bytes.count * 9 / 10)))?.code == .truncated)
    }

    @Test("EXIF tells make, model and time; a damaged block is ignored")
    func exif() throws {
        func text(_ text: String) -> [Int] { (text + "\0").utf8.map(Int.init) }
        let plain = try encode(ImageFile(image: Pictures.smooth(width: 16, height: 16)))
        let block = Bytes.exif([
            .init(tag: 271, type: 2, values: text("Leica")), .init(tag: 272, type: 2, values: text("DM2000")),
            .init(tag: 306, type: 2, values: text("2024:01:31 12:34:56")),
        ])
        let back = try ImageReader.decode(Bytes.jpeg(plain, addingExif: block), name: "exif.jpg")
        #expect(back.metadata.make == "Leica" && back.metadata.model == "DM2000")
        #expect(back.metadata.capturedAt == "2024:01:31 12:34:56")
        let damaged = Bytes.jpeg(plain, addingExif: Array(block.prefix(9)))
        #expect(try ImageReader.decode(damaged, name: "damaged.jpg").metadata.make == nil)
    }
}
