import Foundation
import ImageFiles
import NCTEngine
import TestSupport
import Testing

/// Every kind of bad input: a message that says what, where and what to do, the right exit code, nothing half written.
@Suite struct BadInputTests {
    /// Runs a good and a bad capture together; the good one must be done, the bad one must leave nothing.
    private func refuse(
        _ bytes: [UInt8], named name: String, saying words: [String], _ more: String...,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let bench = try Bench()
        let bad = try bench.space.write(bytes, to: name)
        let good = try bench.capture("good.png")
        let result = try Subprocess.run(
            Subprocess.nctd,
            ["normalize", bad, good, "--reference", bench.reference, "--output", "out", "--layer", "1", "--no-cache"]
                + more,
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 1, "\(result.error)", sourceLocation: sourceLocation)
        let line = result.error.split(separator: "\n").first { $0.contains(name) }.map(String.init) ?? ""
        #expect(line.hasPrefix("nctd: ") && line.contains("; "), "\(result.error)", sourceLocation: sourceLocation)
        for word in words { #expect(line.contains(word), "\(line)", sourceLocation: sourceLocation) }
        #expect(bench.space.files(in: "out") == ["good.png", "good.png.json"], sourceLocation: sourceLocation)
        #expect(result.output.contains("1 failed"), sourceLocation: sourceLocation)
    }

    @Test(
        "A truncated file of every format is refused by name, and the others are done", arguments: ImageFormat.allCases)
    func truncated(format: ImageFormat) throws {
        let bytes = try Bench.encode(Bench.smear(seed: 2), as: format)
        try refuse(Array(bytes.prefix(bytes.count / 2)), named: "cut.\(format.fileExtension)", saying: [])
    }

    @Test("A corrupt file of every format is refused by name, and the others are done", arguments: ImageFormat.allCases)
    func corrupt(format: ImageFormat) throws {
        var bytes = try Bench.encode(Bench.smear(seed: 2), as: format)
        switch format {
        case .png: bytes[bytes.count / 2] ^= 0xFF
        // The first quantization table says that it is longer than the file.
        case .jpeg:
            let table = try #require(bytes.indices.dropLast().first { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xDB })
            bytes[table + 2] = 0xFF
            bytes[table + 3] = 0xF0
        // The first directory lies beyond the end.
        case .tiff: bytes.replaceSubrange(4..<8, with: [0xF0, 0xFF, 0xFF, 0x7F])
        // Seven bits a pixel.
        case .bmp: bytes[28] = 7
        }
        try refuse(bytes, named: "corrupt.\(format.fileExtension)", saying: [])
    }

    @Test("A file of zero bytes is refused")
    func zeroBytes() throws { try refuse([], named: "empty.png", saying: ["empty.png"]) }

    @Test("A text file named .png is refused")
    func text() throws { try refuse(Array("hello, world\n".utf8), named: "text.png", saying: ["text.png"]) }

    @Test("An image of one pixel is refused with the size that would do")
    func onePixel() throws {
        let dot = RGBImage(width: 1, height: 1, filledWith: (0.5, 0.5, 0.5))
        try refuse(try Bench.encode(dot), named: "dot.png", saying: ["1×1", "3×3"])
    }

    @Test("An image smaller than a patch at a coarse level is refused with the size that would do")
    func smallerThanPatch() throws {
        let bench = try Bench()
        let small = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 3, width: 40, height: 40)), to: "small.png")
        let good = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 3, width: 96, height: 72)), to: "good.png")
        let result = try bench.nctd(
            "normalize", small, good, "--reference", bench.reference, "--output", "out", "--layer", "5", "--no-cache")
        #expect(result.status == 1)
        #expect(result.error.contains("small.png: ") && result.error.contains("48×48"), "\(result.error)")
        #expect(bench.space.files(in: "out") == ["good.png", "good.png.json"])
    }

    @Test("A header of 60,000 × 60,000 pixels is refused before memory is taken")
    func decoderBomb() throws {
        var bytes = try Bench.encode(Bench.smear(seed: 2))
        // IHDR's width and height, and a checksum that fits them.
        let side = withUnsafeBytes(of: UInt32(60_000).bigEndian) { Array($0) }
        bytes.replaceSubrange(16..<24, with: side + side)
        bytes.replaceSubrange(29..<33, with: withUnsafeBytes(of: Self.crc(bytes[12..<29]).bigEndian) { Array($0) })
        try refuse(bytes, named: "bomb.png", saying: ["60000 × 60000"])
    }

    /// CRC-32 as PNG has it.
    private static func crc(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }

    @Test("An input that is not there fails alone")
    func missing() throws {
        let bench = try Bench()
        let result = try bench.normalize([bench.space("none.png"), try bench.capture("good.png")])
        #expect(result.status == 1)
        #expect(result.error.contains("none.png: there is no such file or directory"))
        #expect(bench.space.files(in: "out") == ["good.png", "good.png.json"])
    }

    // MARK: Refused before any work, with code 2

    /// Nothing was done: no output directory, or an empty one.
    private func expectRefusal(
        _ result: Subprocess.Result, _ bench: Bench, saying words: [String],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == 2, "\(result.error)", sourceLocation: sourceLocation)
        for word in words { #expect(result.error.contains(word), "\(result.error)", sourceLocation: sourceLocation) }
        #expect(result.output.isEmpty, sourceLocation: sourceLocation)
        #expect(bench.space.files(in: "out").isEmpty, sourceLocation: sourceLocation)
    }

    @Test("Weights that lack a tensor, or have it misshapen, are refused by file and tensor", arguments: [false, true])
    func tensor(isThere: Bool) throws {
        let bench = try Bench()
        var tensors: [String: (shape: [Int], values: [Float])] = [
            "conv1_1.bias": ([64], [Float](repeating: 0, count: 64))
        ]
        if isThere { tensors["conv1_1.weight"] = ([3, 3, 3, 32], [Float](repeating: 0, count: 3 * 3 * 3 * 32)) }
        let weights = try bench.space.write(SafetensorsFile.bytes(of: tensors), to: "w.safetensors")
        let result = try bench.normalize([try bench.capture("c.png")], "--weights", weights)
        expectRefusal(result, bench, saying: ["w.safetensors", "conv1_1.weight", "; "])
    }

    @Test("Weights that are named and not there are an error, not the silent built-in network")
    func missingWeights() throws {
        let bench = try Bench()
        let result = try bench.normalize([try bench.capture("c.png")], "--weights", "none.safetensors")
        expectRefusal(result, bench, saying: ["none.safetensors", "no such weights file"])
    }

    @Test("A profile with an unknown key is refused by file, line and key, with the key that was meant")
    func unknownKey() throws {
        let bench = try Bench()
        try bench.space.write("references = [\"reference.png\"]\n\ncluster_cuont = 5\n", to: "lab.toml")
        let result = try bench.nctd("normalize", try bench.capture("c.png"), "--profile", "lab.toml", "--output", "out")
        expectRefusal(result, bench, saying: ["lab.toml:3: cluster_cuont: unknown key; did you mean cluster_count?"])
    }

    @Test("A blank reference is refused by name")
    func blankReference() throws {
        let bench = try Bench()
        let blank = try bench.space.write(
            try Bench.encode(RGBImage(width: 96, height: 72, filledWith: (0.9, 0.9, 0.9))), to: "blank.png")
        let result = try bench.nctd(
            "normalize", try bench.capture("c.png"), "--reference", bench.reference, "--reference", blank, "--output",
            "out", "--layer", "1", "--no-cache")
        expectRefusal(result, bench, saying: ["blank.png: cannot serve as a reference", "blank", "; choose"])
    }

    @Test(
        "A reference that is too small for a level is refused by name, however several are used",
        arguments: NormalizationParameters.ReferenceUse.allCases)
    func smallReference(use: NormalizationParameters.ReferenceUse) throws {
        let bench = try Bench()
        let small = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 3, width: 40, height: 40)), to: "small.png")
        let result = try bench.nctd(
            "normalize", try bench.capture("c.png"), "--reference", bench.reference, small, "--output", "out",
            "--layer", "5", "--reference-use", use.rawValue, "--no-cache")
        expectRefusal(result, bench, saying: ["small.png: cannot serve as a reference", "48×48", "; "])
        #expect(!result.error.contains("reference 2") && !result.error.contains("reference.png: "))
    }

    @Test("A reference that cannot be read is refused by name")
    func unreadableReference() throws {
        let bench = try Bench()
        let text = try bench.space.write("no image", to: "text.png")
        let result = try bench.nctd(
            "normalize", try bench.capture("c.png"), "--reference", text, "--output", "out", "--no-cache")
        expectRefusal(result, bench, saying: ["text.png: ", "; "])
    }

    @Test(
        "An output directory that cannot be made or written is refused before any work",
        arguments: ["below", "proc", "file"])
    func outputNotWritable(kind: String) throws {
        let bench = try Bench()
        let directory =
            switch kind {
            case "below": bench.reference + "/below/a/file"
            case "proc": "/proc"
            default: bench.reference
            }
        let capture = try bench.capture("c.png")
        let result = try bench.nctd(
            "normalize", capture, "--reference", bench.reference, "--output", directory, "--layer", "1", "--no-cache")
        #expect(result.status == 2)
        #expect(result.error.contains(directory) && result.error.contains("--output"), "\(result.error)")
        #expect(bench.space.files() == ["c.png", "reference.png"])
    }

    // MARK: A disk that fills up

    @Test("A disk that fills up fails the file, says so, and leaves nothing of it")
    func fullDisk() throws {
        let bench = try Bench()
        let large = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 5, width: 200, height: 150)), to: "large.png")
        // No file may grow beyond 8 KiB; `nctd` sees EFBIG, as it would see ENOSPC.
        let result = try Subprocess.run(
            "/bin/bash",
            [
                "-c", "ulimit -f 8; exec \"$0\" \"$@\"", Subprocess.nctd, "normalize", large, "--reference",
                bench.reference, "--output", "out", "--layer", "1", "--no-cache",
            ],
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 1, "\(result.error)")
        #expect(result.error.contains("out/large.png") && result.error.contains("no room"), "\(result.error)")
        #expect(result.error.contains("free space"))
        #expect(bench.space.files(in: "out").isEmpty)
    }

    @Test("A result that finds no room takes nothing from the one that it was to replace")
    func fullDiskOverwriting() throws {
        let bench = try Bench()
        let large = try bench.space.write(
            try Bench.encode(Bench.smear(seed: 5, width: 200, height: 150)), to: "large.png")
        #expect(try bench.normalize([large]).status == 0)
        let (image, sidecar) = (bench.space.read("out/large.png"), bench.space.read("out/large.png.json"))
        let result = try Subprocess.run(
            "/bin/bash",
            [
                "-c", "ulimit -f 8; exec \"$0\" \"$@\"", Subprocess.nctd, "normalize", large, "--reference",
                bench.reference, "--output", "out", "--layer", "1", "--no-cache", "--overwrite",
            ],
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 1 && result.error.contains("out/large.png: there is no room"), "\(result.error)")
        #expect(bench.space.files(in: "out") == ["large.png", "large.png.json"])
        #expect(bench.space.read("out/large.png") == image && bench.space.read("out/large.png.json") == sidecar)
    }

    @Test("An image whose sidecar finds no room is taken away again")
    func fullDiskAtSidecar() throws {
        let bench = try Bench()
        let tiny = try bench.space.write(try Bench.encode(Bench.smear(seed: 5, width: 16, height: 16)), to: "tiny.png")
        // The image of under 1 KiB fits, its sidecar does not.
        let result = try Subprocess.run(
            "/bin/bash",
            [
                "-c", "ulimit -f 1; exec \"$0\" \"$@\"", Subprocess.nctd, "normalize", tiny, "--reference",
                bench.reference, "--output", "out", "--layer", "1", "--no-cache",
            ],
            in: bench.space.path, environment: Bench.environment)
        #expect(result.status == 1, "\(result.error)")
        #expect(result.error.contains("out/tiny.png.json"), "\(result.error)")
        #expect(bench.space.files(in: "out").isEmpty)
    }
}
