import ImageFiles
import NCTEngine
import Testing

@Suite("Sample conversion")
struct SampleConversionTests {
    @Test("Every 8 and 16-bit value survives the way to float, PNG and back", arguments: [8, 16])
    func everyValueSurvives(depth: Int) throws {
        let top = depth == 8 ? 255 : 65535
        let samples = (0...top).flatMap { value in [Float](repeating: Float(value) / Float(top), count: 3) }
        let image = RGBImage(width: 256, height: samples.count / 768, samples: samples)
        let file = ImageFile(image: image, metadata: ImageMetadata(format: .png, bitDepth: depth))
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .png))
        let back = try ImageReader.decode(bytes, name: "values.png")
        #expect(back.image == image)
        #expect(back.metadata.bitDepth == depth)
    }

    @Test("Values out of range are clamped, what is no number becomes black, halves round up")
    func clampsAndRounds() throws {
        let samples: [Float] = [-1, 2, .nan, .infinity, -.infinity, 0.5, 0.2, 0.4 / 255, 0.6 / 255]
        let file = ImageFile(image: RGBImage(width: 3, height: 1, samples: samples))
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .png))
        let back = try ImageReader.decode(bytes, name: "clamped.png").image.samples.map { ($0 * 255).rounded() }
        #expect(back == [0, 255, 0, 255, 0, 128, 51, 0, 1])
    }

    @Test("JPEG at quality 95 stays within 6 steps of a smooth picture")
    func jpegIsClose() throws {
        let image = Pictures.smooth(width: 67, height: 45)
        let bytes = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .jpeg))
        let back = try ImageReader.decode(bytes, name: "smooth.jpg").image
        #expect(back.width == 67 && back.height == 45)
        let worst = zip(image.samples, back.samples).map { abs($0 - $1) }.max()!
        #expect(worst <= 6.0 / 255)
    }
}
