import ImageFiles
import NCTEngine
import Testing

@Suite("TIFF")
struct TIFFCodecTests {
    /// An odd size, so that no row, strip or tile comes out even.
    private static let (width, height) = (37, 29)

    private static func values(bits: Int, samples: Int, seed: UInt64 = 7) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        // Runs and noise, so that the compressors do both.
        return (0..<height * width * samples).map { i in
            i % 90 < 40 ? (1 << bits - 1) / 3 : Int.random(in: 0..<1 << bits, using: &generator)
        }
    }

    private static func file(bits: Int = 8, samples: Int = 3) -> TIFFFile {
        TIFFFile(
            width: width, height: height, bits: bits, samples: samples, values: values(bits: bits, samples: samples))
    }

    private func decode(_ pages: TIFFFile) throws -> ImageFile {
        try ImageReader.decode(TIFFFile.bytes(pages), name: "test.tif")
    }

    private func floats(_ values: [Int], top: Int) -> [Float] { values.map { Float($0) / Float(top) } }

    @Test("What is written is read back exactly, with its resolution, and as sRGB", arguments: [8, 16])
    func roundTrip(depth: Int) throws {
        var generator = SeededGenerator(seed: 3)
        // More than one strip of 256 KiB.
        let image = Pictures.noise(width: 301, height: 307, depth: depth, using: &generator)
        let metadata = ImageMetadata(
            format: .tiff, bitDepth: depth, resolution: ImageResolution(x: 4000, y: 3937.0079))
        let file = ImageFile(image: image, metadata: metadata)
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .tiff))
        let back = try ImageReader.decode(bytes, name: "back.tif")
        #expect(back.image == image)
        #expect(back.metadata.bitDepth == depth && back.metadata.channels == 3)
        #expect(back.metadata.colorConversion == nil)
        #expect(back.metadata.orientationApplied == 1 && back.metadata.warnings.isEmpty)
        let resolution = try #require(back.metadata.resolution)
        #expect(abs(resolution.x - 4000) < 0.001 && abs(resolution.y - 3937.0079) < 0.001)
        #expect(try ImageWriter.encode(file, options: ImageWriteOptions(format: .tiff)) == bytes)
    }

    @Test("A smooth picture is compressed")
    func compresses() throws {
        let file = ImageFile(image: Pictures.smooth(width: 200, height: 200))
        let bytes = try ImageWriter.encode(file, options: ImageWriteOptions(format: .tiff))
        #expect(bytes.count < 200 * 200 * 3 / 10)
    }

    @Test(
        "Every byte order, layout and lossless compression gives the same pixels", arguments: [8, 16],
        [TIFFFile.Compression.none, .lzw, .deflate, .packBits])
    func variants(bits: Int, compression: TIFFFile.Compression) throws {
        for samples in [1, 3, 4] {
            var file = Self.file(bits: bits, samples: samples)
            file.compression = compression
            file.photometric = samples == 1 ? 1 : 2
            if samples == 4 { file.more = [.init(tag: 338, type: 3, values: [2])] }
            let expected = floats(file.values, top: 1 << bits - 1)
            for chunks in [
                TIFFFile.Chunks.strips(rows: 1), .strips(rows: 8), .strips(rows: 99), .tiles(width: 16, height: 32),
            ] {
                for variant in 0..<16 {
                    file.chunks = chunks
                    file.bigEndian = variant & 1 == 1
                    file.isBig = variant & 2 == 2
                    file.isPlanar = variant & 4 == 4
                    file.predictor = variant & 8 == 8 && [.lzw, .deflate].contains(compression) ? 2 : 1
                    let back = try decode(file)
                    let name = "\(samples) samples, \(chunks), variant \(variant)"
                    #expect(back.image.width == Self.width && back.image.height == Self.height, "\(name)")
                    #expect(back.metadata.bitDepth == bits && back.metadata.channels == samples, "\(name)")
                    #expect(samples == 4 || back.metadata.warnings.isEmpty, "\(name)")
                    for c in 0..<3 {
                        let matches = (0..<Self.width * Self.height).allSatisfy {
                            (samples == 4 && expected[4 * $0 + 3] < 1)
                                || back.image.samples[3 * $0 + c] == expected[samples * $0 + (samples == 1 ? 0 : c)]
                        }
                        #expect(matches, "\(name), channel \(c)")
                    }
                }
            }
        }
    }

    @Test(
        "Gray of 1, 2, 4, 8 and 16 bits is read, with black or with white as zero", arguments: [1, 2, 4, 8, 16], [0, 1])
    func gray(bits: Int, photometric: Int) throws {
        var file = Self.file(bits: bits, samples: 1)
        file.photometric = photometric
        for chunks in [TIFFFile.Chunks.strips(rows: 5), .tiles(width: 16, height: 16)] {
            file.chunks = chunks
            let back = try decode(file)
            let top = 1 << bits - 1
            let expected = file.values.map { photometric == 1 ? $0 : top - $0 }.flatMap { value in
                [Float](repeating: Float(value) / Float(top), count: 3)
            }
            #expect(zip(back.image.samples, expected).allSatisfy { abs($0 - $1) < 1e-6 })
            #expect(back.metadata.bitDepth == max(bits, 8) && back.metadata.channels == 1)
        }
    }

    @Test(
        "Palettes of 1, 2, 4 and 8 bits are read, whether their 16 bits are v × 257, v × 256 or v",
        arguments: [1, 2, 4, 8],
        [257, 256, 1])
    func palette(bits: Int, scale: Int) throws {
        var generator = SeededGenerator(seed: UInt64(bits))
        let map = (0..<3 << bits).map { _ in Int.random(in: 1...255, using: &generator) }
        var file = Self.file(bits: bits, samples: 1)
        file.photometric = 3
        file.more = [.init(tag: 320, type: 3, values: map.map { $0 * scale })]
        let back = try decode(file)
        let expected = file.values.flatMap { index in (0..<3).map { Float(map[$0 << bits + index]) / 255 } }
        #expect(back.image.samples == expected)
        #expect(back.metadata.channels == 3 && back.metadata.bitDepth == 8)
    }

    @Test("Associated alpha is divided out, and transparent pixels show the background")
    func associatedAlpha() throws {
        let values = [64, 128, 0, 128, 9, 9, 9, 0, 10, 20, 30, 255, 200, 1, 0, 100]
        var file = TIFFFile(width: 4, height: 1, samples: 4, values: values)
        file.more = [.init(tag: 338, type: 3, values: [1])]
        let back = try decode(file)
        // Of the two that are more than half there, one color is the background: what is hidden has it in full.
        let shown = back.image.samples.map { Int(($0 * 255).rounded()) }
        #expect(Array(shown[6..<9]) == [10, 20, 30])
        let background = Array(shown[3..<6])
        // 64 · 255 / 128 = 127.5 is rounded before 127 / 255 of the background are added.
        let first = zip([128.0, 255, 0], background).map { (128 * $0 + 127 * Double($1)) / 255 }
        #expect(zip(shown, first).allSatisfy { abs(Double($0) - $1) <= 1 }, "\(shown)")
        #expect(back.metadata.warnings.contains { $0.contains("transparent") })
        file.bits = 16
        file.values = [1000, 30000, 0, 65535] + Array(repeating: 65535, count: 12)
        let deep = try decode(file)
        #expect(deep.image.samples.prefix(3).map { Int(($0 * 65535).rounded()) } == [1000, 30000, 0])
    }

    @Test("Alpha is found among other extra channels, and those are ignored with a warning", arguments: [false, true])
    func extraSamples(isPlanar: Bool) throws {
        var file = Self.file(samples: 6)
        file.isPlanar = isPlanar
        file.more = [.init(tag: 338, type: 3, values: [0, 2, 0])]
        let back = try decode(file)
        let expected = floats(file.values, top: 255)
        let opaque = stride(from: 0, to: expected.count, by: 6).filter { expected[$0 + 4] == 1 }
        for at in opaque { #expect(back.image.samples[at / 2..<at / 2 + 3] == expected[at..<at + 3]) }
        #expect(back.metadata.warnings.contains { $0.contains("transparent") })
        #expect(back.metadata.channels == 6)
        #expect(back.metadata.warnings.contains { $0.contains("extra channels") })
    }

    @Test("JPEG compression gives what the JPEG codec gives, in strips and tiles", arguments: [false, true])
    func jpeg(tiled: Bool) throws {
        let smooth = Pictures.smooth(width: 48, height: 32)
        var file = TIFFFile(width: 48, height: 32, values: smooth.samples.map { Int(($0 * 255).rounded()) })
        file.compression = .jpeg
        file.photometric = 6
        file.more = [.init(tag: 530, type: 3, values: [1, 1])]
        if tiled { file.chunks = .tiles(width: 48, height: 32) }
        let back = try decode(file)
        let jpeg = try ImageWriter.encode(ImageFile(image: smooth), options: ImageWriteOptions(format: .jpeg))
        #expect(back.image == (try ImageReader.decode(jpeg, name: "same.jpg").image))
        file.chunks = tiled ? .tiles(width: 32, height: 16) : .strips(rows: 8)
        let pieces = try decode(file).image
        #expect(zip(pieces.samples, smooth.samples).allSatisfy { abs($0 - $1) < 6.0 / 255 })
    }

    @Test("JPEG data that is cut off inside a strip is an error, not a gray area")
    func jpegCut() throws {
        let smooth = Pictures.smooth(width: 48, height: 32)
        var file = TIFFFile(width: 48, height: 32, values: smooth.samples.map { Int(($0 * 255).rounded()) })
        file.compression = .jpeg
        file.photometric = 6
        file.more = [.init(tag: 530, type: 3, values: [1, 1])]
        file.lies = [.init(tag: 279, type: 4, values: [TIFFFile.bytes(file).count / 2])]
        #expect(failure(TIFFFile.bytes(file))?.code == .corrupt)
    }

    @Test("Of several pages the one that is asked for is read, and that there are others is said or refused")
    func pages() throws {
        var first = Self.file()
        let second = TIFFFile(width: 5, height: 4, values: Array(repeating: 0, count: 60))
        let bytes = TIFFFile.bytes(first, second)
        let back = try ImageReader.decode(bytes, name: "pages.tif")
        #expect(back.image.samples == floats(first.values, top: 255))
        #expect(back.metadata.warnings.count == 1 && back.metadata.warnings[0].contains("2 pages"))
        #expect(back.metadata.page == 1 && back.metadata.pageCount == 2 && ImageReader.pageCount(of: bytes) == 2)
        let other = try ImageReader.decode(bytes, name: "pages.tif", options: ReadingOptions(pages: .all, page: 2))
        #expect(other.image.width == 5 && other.metadata.page == 2 && other.metadata.warnings.isEmpty)
        for options in [ReadingOptions(pages: .error), ReadingOptions(page: 3)] {
            #expect { try ImageReader.decode(bytes, name: "pages.tif", options: options) } throws: {
                ($0 as? ImageFileError)?.code == .unsupported
            }
        }
        // One that says that it is a small version of another is no page; one alone is read all the same.
        first.more = [.init(tag: 254, type: 4, values: [1])]
        let full = try ImageReader.decode(TIFFFile.bytes(first, second), name: "pages.tif")
        #expect(full.image.width == 5 && full.metadata.warnings.isEmpty && full.metadata.pageCount == 1)
        let alone = try decode(first)
        #expect(alone.image.width == first.width && alone.metadata.warnings.contains { $0.contains("made smaller") })
        #expect(try decode(Self.file()).metadata.warnings.isEmpty)
    }

    @Test("Three gray pages without a word about their colors are refused, unless pages are asked for")
    func unnamedChannels() throws {
        var page = Self.file(samples: 1)
        page.photometric = 1
        let bytes = TIFFFile.bytes(page, page, page)
        let error = try #require(failure(bytes, "three.tif"))
        #expect(error.code == .unsupported && error.message.contains("red, green and blue"))
        let first = try ImageReader.decode(bytes, name: "three.tif", options: ReadingOptions(pages: .first))
        #expect(first.metadata.pageCount == 3)
        let text = "ImageJ=1.54f\nimages=3\nchannels=3\nmode=composite\n\0".utf8.map { Int($0) }
        page.more = [.init(tag: 270, type: 2, values: text)]
        var green = page
        green.values = page.values.map { 255 - $0 }
        let composed = try ImageReader.decode(TIFFFile.bytes(page, green, page), name: "composite.tif")
        let expected = zip(floats(page.values, top: 255), floats(green.values, top: 255)).flatMap { [$0, $1, $0] }
        #expect(composed.image.samples == expected && composed.metadata.warnings.isEmpty)
    }

    @Test("Resolution is read in inches and centimeters, and a profile that cannot be used is a warning")
    func metadata() throws {
        var file = Self.file()
        for (unit, factor) in [(2, 1 / 0.0254), (3, 100.0)] {
            file.more = [
                .init(tag: 282, type: 5, values: [3001, 10]), .init(tag: 283, type: 5, values: [72, 1]),
                .init(tag: 296, type: 3, values: [unit]),
                .init(tag: 271, type: 2, values: Array("Leica\0".utf8).map(Int.init)),
                .init(tag: 65000, type: 4, values: [12345]),
            ]
            let back = try decode(file)
            let resolution = try #require(back.metadata.resolution)
            #expect(abs(resolution.x - 300.1 * factor) < 1e-6 && abs(resolution.y - 72 * factor) < 1e-6)
            #expect(back.metadata.make == "Leica")
            // A private tag is nothing to remark on.
            #expect(back.metadata.warnings.isEmpty)
        }
        for space in ["GRAY", "RGB "] {
            // Neither is one for RGB that says how to convert.
            file.more = [.init(tag: 34675, type: 7, values: Bytes.profile(colorSpace: space).map(Int.init))]
            let odd = try decode(file)
            #expect(odd.image.samples == floats(file.values, top: 255))
            #expect(odd.metadata.warnings.contains { $0.contains("ICC profile") }, "\(odd.metadata.warnings)")
        }
    }

    @Test(
        "One odd descriptive tag is a warning that names it, and the pixels are read",
        arguments: [
            ([TIFFFile.Entry(tag: 274, type: 3, values: [0])], "orientation"),
            ([.init(tag: 274, type: 3, values: [9])], "orientation"),
            ([.init(tag: 296, type: 3, values: [4])], "ResolutionUnit"),
            ([.init(tag: 296, type: 3, values: [0])], "ResolutionUnit"),
            ([.init(tag: 700, type: 1, values: [])], ""), ([.init(tag: 34675, type: 7, values: [])], ""),
            ([.init(tag: 32934, type: 4, values: [])], ""), ([.init(tag: 65002, type: 99, values: [7])], ""),
            ([.init(tag: 262, type: 3, values: [])], "photometric"),
        ])
    func oddTags(tags: [TIFFFile.Entry], word: String) throws {
        var file = Self.file()
        // An entry of no values takes the place of the one that would be there.
        file.more = tags
        let expected = floats(file.values, top: 255)
        let back = try decode(file)
        #expect(back.image.samples == expected)
        #expect(!back.metadata.warnings.contains { $0.contains("memory") }, "\(back.metadata.warnings)")
        if word != "" {
            #expect(back.metadata.warnings.contains { $0.contains(word) }, "\(back.metadata.warnings)")
            #expect(back.metadata.warnings.count == 1 || word == "photometric", "\(back.metadata.warnings)")
        }
    }

    @Test("Values beyond the file's end are a warning for a descriptive tag, and an error for one that pixels need")
    func outside() throws {
        func bytes(_ tag: Int) -> [UInt8] {
            var file = Self.file()
            file.more = [.init(tag: tag, type: 7, values: Array(repeating: 1, count: 40))]
            var bytes = TIFFFile.bytes(file)
            let entry = bytes.indices.dropLast(12).first {
                $0 >= 10 && ($0 - 10) % 12 == 0 && bytes[$0] == UInt8(tag & 255) && bytes[$0 + 1] == UInt8(tag >> 8)
            }!
            bytes.replaceSubrange(entry + 8..<entry + 12, with: Bytes.littleEndian(0x7FFF_FFF0))
            return bytes
        }
        let read = try ImageReader.decode(bytes(65001), name: "private.tif")
        #expect(
            read.metadata.warnings == ["the private tag 65001 has values beyond the end of the file and was ignored"])
        #expect(try ImageReader.decode(bytes(34675), name: "icc.tif").metadata.warnings.contains { $0.contains("ICC") })
        #expect([.truncated, .corrupt].contains(failure(bytes(258))?.code))
    }

    @Test(
        "What is not supported is refused with its name",
        arguments: [
            (262, [5], "inks"), (262, [32803], "raw data"), (262, [10], "photometric interpretation 10"),
            (259, [34712], "JPEG 2000"), (259, [50002], "JPEG XL"), (262, [1], "said to be gray"),
            (339, [3, 3, 3], "unsigned"), (339, [2, 2, 2], "unsigned"), (258, [32, 32, 32], "32 bits"),
        ])
    func unsupported(tag: Int, values: [Int], words: String) throws {
        var file = Self.file()
        file.more = [.init(tag: tag, type: 3, values: values)]
        let error = try #require(failure(TIFFFile.bytes(file), "odd.tif"))
        #expect(error.code == .unsupported, "\(error)")
        #expect(error.message.contains(words), "\(error)")
    }

    @Test(
        "Directories that lie are refused: strips outside the file, missing, too short, tiles of absurd sizes",
        arguments: [
            (273, [400, 0x7FFF_FFF0], [ImageFileError.Code.truncated]), (273, [400, 5_000], [.truncated]),
            (279, [2_220, 0x7FFF_FFF0], [.truncated]), (279, [2_220, 0], [.corrupt]), (279, [2_220, 100], [.corrupt]),
            (278, [0], [.corrupt]), (257, [28_000], [.corrupt, .truncated]), (256, [60_000], [.corrupt]),
            (277, [2], [.corrupt]), (277, [60_000], [.corrupt, .tooLarge]), (262, [99], [.unsupported]),
        ])
    func lies(tag: Int, values: [Int], codes: [ImageFileError.Code]) throws {
        var file = Self.file()
        file.chunks = .strips(rows: 20)
        file.lies = [.init(tag: tag, type: 4, values: values)]
        let error = try #require(failure(TIFFFile.bytes(file), "lies.tif"))
        #expect(codes.contains(error.code), "\(error)")
    }

    @Test(
        "Tiles far larger than the image, and too many of them, are refused",
        arguments: [(0x7FFF_FFF0, 0x7FFF_FFF0), (1 << 20, 1 << 20), (1 << 30, 16), (16, 1 << 30), (0, 16)])
    func tiles(width: Int, height: Int) throws {
        var file = Self.file()
        file.chunks = .tiles(width: 48, height: 32)
        file.compression = .deflate
        file.lies = [.init(tag: 322, type: 4, values: [width]), .init(tag: 323, type: 4, values: [height])]
        let error = try #require(failure(TIFFFile.bytes(file), "tiles.tif"))
        #expect([.tooLarge, .corrupt].contains(error.code), "\(error)")
    }

    @Test(
        "Compressed data that fails its checksum or ends early is refused",
        arguments: [TIFFFile.Compression.lzw, .deflate])
    func damaged(compression: TIFFFile.Compression) throws {
        var file = Self.file()
        file.compression = compression
        var bytes = TIFFFile.bytes(file)
        if compression == .deflate { bytes[bytes.count - 400] ^= 0x10 } else { bytes.removeLast(100) }
        #expect([.corrupt, .truncated].contains(failure(bytes)?.code))
    }

    @Test("Errors and warnings stay with their own file where many are read at once", .timeLimit(.minutes(15)))
    func manyAtOnce() async {
        var sound = Self.file(samples: 4)
        sound.compression = .lzw
        var warned = sound
        warned.more = [.init(tag: 338, type: 3, values: [0])]
        var refused = sound
        refused.more = [.init(tag: 262, type: 3, values: [32803])]
        var alpha = sound
        alpha.more = [.init(tag: 338, type: 3, values: [2])]
        let files = [alpha, warned, refused].map { TIFFFile.bytes($0) }
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<300 {
                group.addTask {
                    let kind = index % 3
                    let file = try? ImageReader.decode(files[kind], name: "\(index)")
                    switch kind {
                    case 0: #expect(file?.metadata.warnings.allSatisfy { $0.contains("transparent") } == true)
                    case 1: #expect(file?.metadata.warnings.count == 1)
                    default: #expect(failure(files[kind], "\(index)")?.message.contains("raw data") == true)
                    }
                }
            }
        }
    }
}
