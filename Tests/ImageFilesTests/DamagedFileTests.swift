import Foundation
import ImageFiles
import NCTEngine
import Testing

/// Files that are cut off or changed at random end in an error or an image: no crash, no hang, no line on standard error.
/// Each test decodes in a process of its own, so that a crash is one failure and its standard error is its own.
@Suite("Damaged files")
struct DamagedFileTests {
    /// Sound files of one format, of all its kinds that differ in the decoder.
    static func corpus(_ format: ImageFormat) throws -> [[UInt8]] {
        // No row needs padding: BMP may lack that.
        let image = Pictures.smooth(width: 40, height: 30)
        var file = ImageFile(image: image)
        file.metadata.resolution = ImageResolution(x: 4000, y: 4000)
        var files = try [file, ImageFile(image: image)].map {
            try ImageWriter.encode($0, options: ImageWriteOptions(format: format))
        }
        switch format {
        case .png:
            files.append(try ImageWriter.encode(file, options: ImageWriteOptions(format: .png, bitDepth: 16)))
            files.append(Bytes.png(files[0], adding: "iCCP", [97, 0, 0] + TIFFCompressors.deflate(Bytes.profile())))
        case .jpeg: files.append(Bytes.jpeg(files[0], addingExif: Bytes.exif([.init(tag: 274, type: 3, values: [6])])))
        case .tiff:
            let values = image.samples.map { Int(($0 * 255).rounded()) }
            var alpha = TIFFFile(
                width: 40, height: 30, samples: 4,
                values: (0..<4800).map { $0 % 4 == 3 ? $0 % 256 : values[$0 / 4 * 3 + $0 % 4] })
            alpha.more = [.init(tag: 338, type: 3, values: [1])]
            files.append(TIFFFile.bytes(alpha))
            for compression in TIFFFile.Compression.allCases {
                var variant = TIFFFile(width: 40, height: 30, compression: compression, values: values)
                variant.photometric = compression == .jpeg ? 6 : 2
                if compression == .jpeg { variant.more = [.init(tag: 530, type: 3, values: [1, 1])] }
                variant.chunks = .tiles(width: 32, height: 16)
                files.append(TIFFFile.bytes(variant))
                variant.bigEndian = true
                variant.isBig = true
                variant.chunks = .strips(rows: 8)
                variant.isPlanar = compression != .jpeg
                variant.predictor = compression == .lzw || compression == .deflate ? 2 : 1
                files.append(TIFFFile.bytes(variant))
            }
        case .bmp:
            let palette: [[UInt8]] = (0..<16).map { [$0 * 10, $0, $0 * 16] }
            let runs = (0..<30).flatMap { row -> [UInt8] in [40, 0x12, 0, row == 29 ? 1 : 0] }
            files.append(BMPFile(width: 40, height: 30, bits: 4, compression: 2, palette: palette, pixels: runs).bytes)
            files.append(
                BMPFile(width: 40, height: 30, bits: 8, palette: palette, pixels: Array(repeating: 7, count: 1200))
                    .bytes)
        }
        return files
    }

    /// Every `step`-th length of every file, none of which may pass for an image. Prints what it finds wrong.
    static func truncate(_ format: ImageFormat, step: Int) throws {
        for (index, bytes) in try corpus(format).enumerated() {
            if let error = failure(bytes) { print("problem: \(format) \(index) is not sound: \(error)") }
            // The last byte of a TIFF may be padding, a JPEG may lack its end marker with a warning, and where only a description is cut off, a warning says so.
            for length in stride(from: 0, to: bytes.count - 1, by: step) {
                let back = try? ImageReader.decode(Array(bytes.prefix(length)), name: "cut")
                guard let back, back.metadata.warnings.isEmpty else { continue }
                print("problem: \(format) \(index) passes for an image at \(length) of \(bytes.count) bytes")
            }
        }
    }

    /// Hundreds of changes of one to eight bytes, at most 20 s of them. Prints what it finds wrong.
    static func mutate(_ format: ImageFormat, seed: UInt64, count: Int) throws {
        var generator = SeededGenerator(seed: seed)
        let files = try corpus(format)
        let deadline = ContinuousClock.now + .seconds(20)
        var (done, refused) = (0, 0)
        while done < count, ContinuousClock.now < deadline {
            var bytes = files[done % files.count]
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                // Half of the changes hit the headers at the start.
                let range = Bool.random(using: &generator) ? 0..<min(bytes.count, 200) : 0..<bytes.count
                let at = Int.random(in: range, using: &generator)
                bytes[at] = [0, 0xFF, bytes[at] ^ 1 << UInt8.random(in: 0...7, using: &generator)]
                    .randomElement(using: &generator)!
            }
            // Otherwise PNG's checksums would stop most changes at the door.
            if format == .png, !done.isMultiple(of: 4) { bytes = Bytes.repairingChecksums(bytes) }
            let start = ContinuousClock.now
            if failure(bytes) != nil { refused += 1 }
            if ContinuousClock.now - start > .seconds(5) { print("problem: change \(done) took over 5 s") }
            done += 1
        }
        print("\(format): seed \(seed), \(refused) of \(done) changed files refused")
        if done < count / 4 || refused == 0 { print("problem: too few of them") }
    }

    @Test("Truncated files of every format are errors at every length, in silence", .timeLimit(.minutes(15)))
    func truncated() async {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            for format in ImageFormat.allCases { try DamagedFileTests.truncate(format, step: 7) }
        }
        expectNoProblem(result)
    }

    @Test("Randomly changed files of every format are errors or images, in silence", .timeLimit(.minutes(15)))
    func mutated() async {
        let result = await #expect(
            processExitsWith: .success, observing: [\.standardErrorContent, \.standardOutputContent]
        ) {
            for format in ImageFormat.allCases { try DamagedFileTests.mutate(format, seed: 20_240_131, count: 600) }
        }
        expectNoProblem(result)
    }

    private func expectNoProblem(_ result: ExitTest.Result?) {
        guard let result else { return }
        let output = String(decoding: result.standardOutputContent, as: UTF8.self)
        #expect(!output.contains("problem"), "\(output)")
        #expect(result.standardErrorContent.isEmpty, "\(String(decoding: result.standardErrorContent, as: UTF8.self))")
        print(output)
    }
}
