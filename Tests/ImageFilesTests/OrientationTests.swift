import ImageFiles
import NCTEngine
import Testing

@Suite("Orientation")
struct OrientationTests {
    /// What a viewer shows of the stored picture `abc` over `def`, by EXIF orientation, worked out by hand from its
    /// definition: which side of the upright picture the first row and the first column are.
    static let truth: [(orientation: Int, rows: [String])] = [
        (1, ["abc", "def"]),  // top, left
        (2, ["cba", "fed"]),  // top, right
        (3, ["fed", "cba"]),  // bottom, right
        (4, ["def", "abc"]),  // bottom, left
        (5, ["ad", "be", "cf"]),  // left, top
        (6, ["da", "eb", "fc"]),  // right, top
        (7, ["fc", "eb", "da"]),  // right, bottom
        (8, ["cf", "be", "ad"]),  // left, bottom
    ]

    private static let letters: [Character: [Int]] = [
        "a": [255, 0, 0], "b": [0, 255, 0], "c": [0, 0, 255], "d": [255, 255, 0], "e": [0, 255, 255],
        "f": [255, 0, 255],
    ]

    /// The picture as letters, by which corner of the color cube a pixel is nearest to.
    private func letters(_ image: RGBImage, block: Int = 1) -> [String] {
        (0..<image.height / block).map { y in
            String(
                (0..<image.width / block).map { x in
                    let at = 3 * ((y * block + block / 2) * image.width + x * block + block / 2)
                    let color = image.samples[at..<at + 3].map { $0 > 0.5 ? 255 : 0 }
                    return Self.letters.first { $0.value == color }?.key ?? "?"
                })
        }
    }

    /// The stored picture, each pixel as a square of `block` pixels.
    private func stored(block: Int = 1) -> [Int] {
        (0..<2 * block).flatMap { (y: Int) -> [Int] in
            (0..<3 * block).flatMap { (x: Int) -> [Int] in Self.letters[Array("abcdef")[y / block * 3 + x / block]]! }
        }
    }

    private func exif(_ orientation: Int, bigEndian: Bool = false) -> [UInt8] {
        Bytes.exif(
            [
                .init(tag: 274, type: 3, values: [orientation]), .init(tag: 282, type: 5, values: [100, 1]),
                .init(tag: 283, type: 5, values: [50, 1]), .init(tag: 296, type: 3, values: [3]),
            ], bigEndian: bigEndian)
    }

    private func check(_ file: ImageFile, _ orientation: Int, _ rows: [String], block: Int = 1) {
        #expect(letters(file.image, block: block) == rows)
        #expect(file.image.width == rows[0].count * block && file.image.height == rows.count * block)
        #expect(file.metadata.orientationApplied == orientation)
    }

    @Test("TIFF pixels and resolution are turned upright", arguments: truth, [8, 16])
    func tiff(truth: (orientation: Int, rows: [String]), bits: Int) throws {
        let colors = stored()
        let scale = bits == 8 ? 1 : 257
        let values: [Int] = (0..<6).flatMap { (i: Int) -> [Int] in
            colors[3 * i..<3 * i + 3].map { $0 * scale } + [255 * scale]
        }
        var file = TIFFFile(width: 3, height: 2, bits: bits, samples: 4, values: values)
        file.more = [
            .init(tag: 338, type: 3, values: [2]), .init(tag: 274, type: 3, values: [truth.orientation]),
            .init(tag: 282, type: 5, values: [100, 1]), .init(tag: 283, type: 5, values: [50, 1]),
            .init(tag: 296, type: 3, values: [3]),
        ]
        let back = try ImageReader.decode(TIFFFile.bytes(file), name: "turned.tif")
        check(back, truth.orientation, truth.rows)
        let resolution = try #require(back.metadata.resolution)
        #expect(resolution == (truth.orientation < 5 ? .init(x: 10_000, y: 5_000) : .init(x: 5_000, y: 10_000)))
    }

    @Test("PNG is turned upright by its eXIf chunk", arguments: truth)
    func png(truth: (orientation: Int, rows: [String])) throws {
        let image = RGBImage(width: 3, height: 2, samples: stored().map { Float($0) / 255 })
        let plain = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png))
        let bytes = Bytes.png(plain, adding: "eXIf", exif(truth.orientation))
        check(try ImageReader.decode(bytes, name: "turned.png"), truth.orientation, truth.rows)
    }

    @Test("JPEG is turned upright by its EXIF block in both byte orders", arguments: truth, [false, true])
    func jpeg(truth: (orientation: Int, rows: [String]), bigEndian: Bool) throws {
        let image = RGBImage(width: 48, height: 32, samples: stored(block: 16).map { Float($0) / 255 })
        let plain = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .jpeg))
        let bytes = Bytes.jpeg(plain, addingExif: exif(truth.orientation, bigEndian: bigEndian))
        check(try ImageReader.decode(bytes, name: "turned.jpg"), truth.orientation, truth.rows, block: 16)
    }

    @Test("An orientation that means nothing is ignored with a warning", arguments: [0, 9, 65535])
    func meaningless(orientation: Int) throws {
        let image = RGBImage(width: 3, height: 2, samples: stored().map { Float($0) / 255 })
        let plain = try ImageWriter.encode(ImageFile(image: image), options: ImageWriteOptions(format: .png))
        let back = try ImageReader.decode(Bytes.png(plain, adding: "eXIf", exif(orientation)), name: "odd.png")
        check(back, 1, ["abc", "def"])
        #expect(back.metadata.warnings.contains { $0.contains("orientation \(orientation)") })
    }

    @Test("What was turned upright is written upright, and not turned again", arguments: ImageFormat.allCases)
    func writtenUpright(format: ImageFormat) throws {
        var file = TIFFFile(width: 48, height: 32, values: stored(block: 16))
        file.more = [.init(tag: 274, type: 3, values: [6])]
        let first = try ImageReader.decode(TIFFFile.bytes(file), name: "turned.tif")
        let bytes = try ImageWriter.encode(first, options: ImageWriteOptions(format: format))
        check(try ImageReader.decode(bytes, name: "again"), 1, Self.truth[5].rows, block: 16)
    }
}
