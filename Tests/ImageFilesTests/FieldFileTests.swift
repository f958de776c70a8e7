import ImageFiles
import NCTEngine
import Testing

/// Files that people reported to other readers; docs/field.md says where.
@Suite("Files that others met")
struct FieldFileTests {
    private static let image = Pictures.smooth(width: 48, height: 32)

    private func jpeg() throws -> [UInt8] {
        try ImageWriter.encode(ImageFile(image: Self.image), options: ImageWriteOptions(format: .jpeg))
    }

    @Test("Bytes between the last scan and the end of a JPEG, and zeros after the end, do no harm")
    func extraneous() throws {
        let bytes = try jpeg()
        let sound = try ImageReader.decode(bytes, name: "sound.jpg").image
        let odd = try ImageReader.decode(Array(bytes.dropLast(2)) + [1, 2, 3, 4, 0xFF, 0xD9], name: "odd.jpg")
        #expect(odd.image == sound)
        let padded = try ImageReader.decode(bytes + [0, 0, 0], name: "padded.jpg")
        #expect(padded.image == sound && padded.metadata.warnings.isEmpty)
    }

    @Test("Fill bytes before a JPEG's markers are passed over")
    func fill() throws {
        let bytes = try jpeg()
        let frame = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xC0 })
        let filled = Array(bytes[..<frame]) + [0xFF, 0xFF, 0xFF] + Array(bytes[frame...])
        #expect(
            try ImageReader.decode(filled, name: "filled.jpg").image == ImageReader.decode(bytes, name: "s.jpg").image)
    }

    @Test("A TIFF that leaves out the lengths of its strips, or gives one sample format for all samples, is read")
    func sparseDirectories() throws {
        let values = Self.image.samples.map { Int(($0 * 255).rounded()) }
        var file = TIFFFile(width: 48, height: 32, values: values)
        let expected = values.map { Float($0) / 255 }
        file.more = [.init(tag: 339, type: 3, values: [1])]
        #expect(try ImageReader.decode(TIFFFile.bytes(file), name: "one.tif").image.samples == expected)
        // Another tag, 0x118, takes the place of the lengths', 0x117.
        file.more = []
        var bytes = TIFFFile.bytes(file)
        let entry = try #require(
            stride(from: 10, to: 200, by: 12).first { bytes[$0] == 0x17 && bytes[$0 + 1] == 0x01 })
        bytes[entry] = 0x18
        let back = try ImageReader.decode(bytes, name: "no-lengths.tif")
        #expect(back.image.samples == expected)
        #expect(back.metadata.warnings.contains { $0.contains("StripByteCounts") }, "\(back.metadata.warnings)")
    }

    @Test("A header chunk that comes again amid a PNG's pixels is an error with a reason")
    func secondHeader() throws {
        let bytes = try ImageWriter.encode(ImageFile(image: Self.image), options: ImageWriteOptions(format: .png))
        let end = bytes.count - 12
        let again = Array(bytes[..<end]) + Array(bytes[8..<33]) + Array(bytes[end...])
        #expect(failure(again)?.code == .corrupt)
    }
}
