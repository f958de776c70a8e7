import Foundation
import ImageFiles
import NCTEngine
import TestSupport
import Testing

@Suite struct HostileHeaderTests {
    @Test("The header that is read in parts is that of the whole file", arguments: ImageFormat.allCases)
    func parts(format: ImageFormat) throws {
        let image = RGBImage(width: 300, height: 200, samples: [Float](repeating: 0.25, count: 300 * 200 * 3))
        let bytes = try ImageWriter.encode(
            ImageFile(image: image), options: ImageWriteOptions(format: format, bitDepth: 8))
        var read = 0
        let header = try ImageHeader.read(fileSize: bytes.count, path: "x") { offset, count in
            let part = Array(bytes.dropFirst(offset).prefix(count))
            read += part.count
            return part
        }
        #expect(header.format == format && header.width == 300 && header.height == 200)
        #expect(header.decodingBytesPerPixel >= 3)
        let space = try Workspace()
        try space.write(bytes, to: "x")
        #expect(try ImageReader.header(ofFileAt: space("x")) == header)
    }

    /// A TIFF of one directory with one text tag.
    private func tags(_ text: String) -> TagDirectory? {
        let data = Array(text.utf8) + [0]
        func little(_ value: Int, _ size: Int) -> [UInt8] {
            (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        return TagDirectory(
            [0x49, 0x49, 42, 0] + little(8, 4) + little(1, 2) + little(271, 2) + little(2, 2) + little(data.count, 4)
                + little(26, 4) + little(0, 4) + data)
    }

    @Test("Characters that change how the text around them is shown are written out")
    func bidirectional() {
        #expect(tags("Leica\u{202E}gnp.exe")?.text(.make) == "Leica\\u{202E}gnp.exe")
        #expect(tags("\u{2066}a\u{2028}b\u{200F}")?.text(.make) == "\\u{2066}a\\u{2028}b\\u{200F}")
        #expect(tags(" Zeiß\u{1B}[2J ")?.text(.make) == "Zeiß [2J")
    }

    @Test("Any numbers in a directory read as absent, never as a trap")
    func numbers() {
        var state: UInt64 = 3
        func next() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 33)
        }
        for round in 0..<5000 {
            let head: [UInt8] =
                round.isMultiple(of: 2)
                ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 9, 0] : [0x4D, 0x4D, 0, 43, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16]
            var bytes = head + (0..<200).map { _ in next() & (next() < 128 ? 0xFF : 0) }
            if !round.isMultiple(of: 2) { bytes.replaceSubrange(16..<24, with: [0, 0, 0, 0, 0, 0, 0, 8]) }
            let tags = TagDirectory(bytes)
            _ = (tags?.integer(.width), tags?.text(.make), tags?.resolution)
            _ = try? ImageHeader.read(fileSize: .max, path: "x") { Array(bytes.dropFirst($0).prefix($1)) }
            _ = try? ImageReader.decode(bytes, name: "x")
        }
    }
}
