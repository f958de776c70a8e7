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
        for alpha in [false, true] {
            for profile in [nil, Bytes.profile()] {
                let image = Pictures.noise(width: width, height: 5, depth: 8, using: &generator)
                let metadata = ImageMetadata(
                    format: .bmp, resolution: ImageResolution(x: 4000, y: 3937), iccProfile: profile)
                let file = ImageFile(
                    image: image, alpha: alpha ? Pictures.values(image.pixelCount, depth: 8, using: &generator) : nil,
                    metadata: metadata)
                let back = try ImageReader.decode(encode(file), name: "back.bmp")
                #expect(back.image == image && back.alpha == file.alpha)
                #expect(back.metadata.resolution == ImageResolution(x: 4000, y: 3937))
                #expect(back.metadata.iccProfile == profile)
                #expect(back.metadata.channels == (alpha ? 4 : 3) && back.metadata.warnings.isEmpty)
            }
        }
    }

    @Test("The bytes of a plain picture are those of the format's description")
    func bytes() throws {
        let image = RGBImage(width: 1, height: 2, samples: [1, 0, 0, 0, 0.2, 1])
        let expected = BMPFile(width: 1, height: 2, bits: 24, pixels: [255, 51, 0, 0, 0, 0, 255, 0])
        #expect(try encode(ImageFile(image: image)) == expected.bytes)
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
