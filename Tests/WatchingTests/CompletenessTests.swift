import Foundation
import Testing
import Watching

@Suite struct CompletenessTests {
    private func check(_ bytes: [UInt8]) throws -> Completeness.Verdict {
        let tree = try Tree()
        try tree.write("f", bytes)
        return try Completeness.check(try ReadOnlyFile(root: tree.root, path: path("f")))
    }

    /// True if every proper prefix is incomplete and the whole is whole.
    private func expectPrefixesIncomplete(_ bytes: [UInt8], _ name: String) throws {
        #expect(try check(bytes) == .whole, "\(name)")
        for count in 0..<bytes.count {
            guard case .incomplete(let reason) = try check(Array(bytes[..<count])) else {
                Issue.record("\(name): \(count) of \(bytes.count) bytes are not incomplete")
                continue
            }
            #expect(!reason.isEmpty)
        }
    }

    private static func little(_ value: Int, _ size: Int) -> [UInt8] {
        (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func chunk(_ type: String, _ data: [UInt8], crc: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
        little(data.count, 4).reversed() + Array(type.utf8) + data + crc
    }

    private static let png =
        [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + chunk("IHDR", [UInt8](repeating: 0, count: 13))
        + chunk("IDAT", [9, 9, 9]) + chunk("IEND", [], crc: [0xAE, 0x42, 0x60, 0x82])

    private static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE1, 0, 8, 0xFF, 0xD8, 1, 1, 0xFF, 0xD9]
        + [0xFF, 0xDA, 0, 4, 1, 2, 5, 6, 0xFF, 0, 7, 0xFF, 0xD3, 8, 9, 0xFF, 0xD9]

    /// Two strips after the directory.
    private static let tiff: [UInt8] = {
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
            little(tag, 2) + little(type, 2) + little(count, 4) + little(value, 4)
        }
        let directory =
            little(5, 2) + entry(256, 3, 1, 2) + entry(257, 3, 1, 2) + entry(273, 4, 2, 74) + entry(278, 3, 1, 1)
            + entry(279, 3, 2, 0x0004_0006)
            + little(0, 4)
        return [0x49, 0x49, 42, 0] + little(8, 4) + directory + little(82, 4) + little(88, 4)
            + [UInt8](repeating: 5, count: 10)
    }()

    private static let bmp: [UInt8] =
        [0x42, 0x4D] + little(78, 4) + little(0, 4) + little(54, 4) + little(40, 4) + little(4, 4) + little(2, 4)
        + little(1, 2) + little(24, 2) + [UInt8](repeating: 0, count: 24) + [UInt8](repeating: 3, count: 24)

    @Test("Every prefix of a PNG, JPEG, TIFF or BMP is incomplete, and the whole is whole")
    func prefixes() throws {
        try expectPrefixesIncomplete(Self.png, "PNG")
        try expectPrefixesIncomplete(Self.tiff, "TIFF")
        try expectPrefixesIncomplete(Self.bmp, "BMP")
        // The end marker of the preview inside ends a prefix as well, so one prefix passes for whole.
        #expect(try check(Self.jpeg) == .whole)
        for count in 0..<Self.jpeg.count where count != 12 {
            guard case .incomplete = try check(Array(Self.jpeg[..<count])) else {
                Issue.record("JPEG: \(count) bytes are not incomplete")
                continue
            }
        }
    }

    @Test(
        "Zeros at the end of pixels count as unwritten where no frame and no bar ends so",
        arguments: [
            (0, 0, true), (3 * 120, 0, true), (2 * 360, 0, true), (2 * 360 + 30, 30, true), (63, 0, true),
            (64, 0, false), (500, 0, false), (2 * 360 + 30, 0, false), (3000, 0, false), (60 * 360, 0, false),
        ])
    func unwrittenEnd(zeros: Int, border: Int, isWhole: Bool) throws {
        // 120 × 90 pixels; every row may end in a black border.
        let row = [UInt8](repeating: 9, count: 360 - border) + [UInt8](repeating: 0, count: border)
        var pixels = Array(repeatElement(row, count: 90).joined())
        pixels.replaceSubrange((pixels.count - zeros)..., with: [UInt8](repeating: 0, count: zeros))
        let header =
            [0x42, 0x4D] + Self.little(0, 8) + Self.little(54, 4) + Self.little(40, 4) + Self.little(120, 4)
            + Self.little(90, 4) + Self.little(1, 2) + Self.little(24, 2) + [UInt8](repeating: 0, count: 24)
        #expect((try check(header + pixels) == .whole) == isWhole)
    }

    @Test("What follows the end does no harm")
    func trailing() throws {
        #expect(try check(Self.png + [1, 2, 3]) == .whole)
        #expect(try check(Self.jpeg + [1, 2, 3, 0xFF]) == .whole)
        #expect(try check(Self.jpeg + [0, 0, 0]) == .whole)
        #expect(try check(Self.bmp + [1]) == .whole)
    }

    @Test("No more is asked for than the decoder reads: padding, later pages, descriptive tags")
    func noMoreThanNeeded() throws {
        let odd = Self.bmp.replacing(Self.little(4, 4) + Self.little(2, 4), with: Self.little(3, 4) + Self.little(2, 4))
        #expect(try check(Array(odd.dropLast(3))) == .whole)
        for next in [0x7FFF_FFFF, 101] {
            var bytes = Self.tiff
            bytes.replaceSubrange(70..<74, with: Self.little(next, 4))
            #expect(try check(bytes) == .whole)
        }
        // A second page whose strip is not there, and a resolution that lies nowhere.
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: Int) -> [UInt8] {
            Self.little(tag, 2) + Self.little(type, 2) + Self.little(count, 4) + Self.little(value, 4)
        }
        let second = Self.little(2, 2) + entry(273, 4, 1, 5000) + entry(279, 4, 1, 0) + Self.little(0, 4)
        let first =
            Self.little(5, 2) + entry(256, 3, 1, 1) + entry(257, 3, 1, 2) + entry(273, 4, 1, 74) + entry(279, 4, 1, 2)
            + entry(282, 5, 1, 0x7FFF_FFF0) + Self.little(76, 4)
        #expect(try check([0x49, 0x49, 42, 0] + Self.little(8, 4) + first + [7, 7] + second) == .whole)
        // The end of run lengths that only the last row tells of.
        let head = [0x42, 0x4D] + Self.little(0, 4) + Self.little(0, 4) + Self.little(54, 4) + Self.little(40, 4)
        let runs = Self.little(2, 4) + Self.little(2, 4) + Self.little(1, 2) + Self.little(8, 2) + Self.little(1, 4)
        let coded = head + runs + [UInt8](repeating: 0, count: 20) + [2, 7, 0, 0, 2, 7]
        #expect(try check(coded) == .whole)
        guard case .incomplete = try check(Array(coded.dropLast(2))) else {
            Issue.record("run lengths without their last row are not incomplete")
            return
        }
    }

    @Test("A file that is only made room for is incomplete")
    func preallocated() throws {
        let incomplete = try check([UInt8](repeating: 0, count: 5000))
        #expect(incomplete == .incomplete("the file begins with zeros, as if not written yet"))
        let half = Array(Self.png.prefix(40)) + [UInt8](repeating: 0, count: 5000)
        guard case .incomplete = try check(half) else {
            Issue.record("a PNG with zeros behind its first half is not incomplete")
            return
        }
    }

    @Test("TIFF directories in a circle end, and other content is of unknown format")
    func odd() throws {
        var circle = Self.tiff
        circle.replaceSubrange(70..<74, with: [8, 0, 0, 0])
        #expect(try check(circle) == .whole)
        #expect(try check(Array("hello, this is a text".utf8)) == .unknownFormat)
    }
}
