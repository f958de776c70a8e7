import ImageFiles
import NCTEngine
import Testing

@Suite("Writing BMP")
struct BMPWriterTests {
    private func encode(_ file: ImageFile) throws -> [UInt8] {
        try ImageWriter.encode(file, options: ImageWriteOptions(format: .bmp))
    }

    @Test("What is written is read back exactly at every width", arguments: 1...9)
    func roundTrip(width: Int) throws {
        var generator = SeededGenerator(seed: UInt64(width))
        let image = Pictures.noise(width: width, height: 5, depth: 8, using: &generator)
        let metadata = ImageMetadata(format: .bmp, resolution: ImageResolution(x: 4000, y: 3937))
        let back = try ImageReader.decode(encode(ImageFile(image: image, metadata: metadata)), name: "back.bmp")
        #expect(back.image == image)
        #expect(back.metadata.resolution == ImageResolution(x: 4000, y: 3937))
        #expect(back.metadata.channels == 3 && back.metadata.warnings.isEmpty && back.metadata.colorConversion == nil)
    }

    @Test("The bytes of a plain picture are those of the format's description")
    func bytes() throws {
        let image = RGBImage(width: 1, height: 2, samples: [1, 0, 0, 0, 0.2, 1])
        let expected = BMPFile(headerSize: 124, width: 1, height: 2, bits: 24, pixels: [255, 51, 0, 0, 0, 0, 255, 0])
        // But for the color space, sRGB, and the intent, relative colorimetric.
        var bytes = try encode(ImageFile(image: image))
        #expect(bytes[70..<74].elementsEqual("BGRs".utf8) && bytes[122] == 2)
        for at in [70, 71, 72, 73, 122] { bytes[at] = 0 }
        #expect(bytes == expected.bytes)
    }

    @Test("16 bits are refused")
    func sixteenBits() {
        let file = ImageFile(image: Pictures.smooth(width: 4, height: 4))
        #expect {
            try ImageWriter.encode(file, options: ImageWriteOptions(format: .bmp, bitDepth: 16))
        } throws: {
            ($0 as? ImageFileError)?.code == .unsupported
        }
    }
}
