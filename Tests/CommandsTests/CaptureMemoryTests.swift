import Config
import Foundation
import Glibc
import ImageFiles
import Jobs
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// `NCTD_LONG=1` tries all kinds and sizes.
private let isLong = ProcessInfo.processInfo.environment["NCTD_LONG"] != nil

/// The estimate of what a capture takes of memory, held against what the built program takes.
@Suite(.serialized, .timeLimit(.minutes(20))) struct CaptureMemoryTests {
    enum Kind: String, CaseIterable {
        case png, deepPNG, jpeg, tiff, bmp, blankRunLengths

        func bytes(_ image: RGBImage) throws -> [UInt8] {
            switch self {
            case .png: try Bench.encode(image)
            case .deepPNG: try Bench.encode(image, bitDepth: 16)
            case .jpeg: try Bench.encode(image, as: .jpeg)
            case .tiff: try Bench.encode(image, as: .tiff)
            case .bmp: try Bench.encode(image, as: .bmp)
            case .blankRunLengths: Self.blank(image.width, image.height)
            }
        }

        /// A kilobyte whatever the size: nothing but the mark that ends the run lengths.
        private static func blank(_ width: Int, _ height: Int) -> [UInt8] {
            func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }
            let header = [little(40, 4), little(width, 4), little(height, 4), little(1, 2), little(8, 2), little(1, 4)]
            let rest = [little(2, 4), little(0, 16)]
            return Array("BM".utf8) + little(1080, 4) + little(0, 4) + little(1078, 4)
                + (header + rest).flatMap { $0 } + [UInt8](repeating: 0, count: 1024) + [0, 1]
        }
    }

    /// A smear of any size in little time: one that is drawn, repeated.
    private static func smear(_ width: Int, _ height: Int) -> RGBImage {
        let tile = Bench.smear(seed: 3, width: 640, height: 480)
        var samples: [Float] = []
        samples.reserveCapacity(3 * width * height)
        for y in 0..<height {
            let row = tile.samples[(y % tile.height) * 3 * tile.width..<(y % tile.height + 1) * 3 * tile.width]
            var left = 3 * width
            while left > 0 {
                samples += row.prefix(left)
                left -= min(left, row.count)
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    /// Bytes of resident memory, at the most, of `nctd normalize`.
    private static func peak(_ bench: Bench, _ name: String, _ options: [String]) throws -> Int {
        let arguments =
            [
                Subprocess.nctd, "normalize", bench.space(name), "--reference", bench.reference, "--output",
                bench.space("out"),
            ]
            + ["--overwrite", "--no-cache", "--threads", "2", "--features", "smearnet"] + options
        // By a process that is small itself: what one begins with counts for those that it starts.
        let told = try Subprocess.run(
            "/usr/bin/env",
            [
                "python3", "-c",
                """
                import resource, subprocess, sys
                ended = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
                sys.exit(ended.returncode)
                """,
            ] + arguments)
        try #require(told.status == 0, "nctd normalize \(name) \(options) ended with \(told.status)")
        return try #require(Int(told.output.trimmingCharacters(in: .whitespacesAndNewlines))) << 10
    }

    /// What the capture takes beside the program. On a busy machine the heaps of threads sometimes keep some 20 MiB more:
    /// what is more than the estimate must be so three times.
    private static func peak(_ bench: Bench, beyond estimate: Int, _ options: [String]) throws -> Int {
        var least = Int.max
        for _ in 0..<3 where least > estimate {
            least = min(least, try peak(bench, "capture", options) - peak(bench, "small.png", options))
        }
        return least
    }

    private static func estimate(_ bytes: [UInt8], _ profile: Profile) throws -> Int {
        let header = try ImageHeader.read(fileSize: bytes.count, path: "") { Array(bytes.dropFirst($0).prefix($1)) }
        return try #require(CaptureMemory(profile, usingVGG: false).bytes(header, fileBytes: bytes.count))
    }

    /// Above a megapixel the estimate is at most half as much again as what a capture of cells takes; what shows none, and
    /// what is so small that the program itself counts for more, takes less.
    @Test(
        "The estimate is no less than the peak, and not much more",
        arguments: isLong ? Kind.allCases : [.png, .deepPNG],
        isLong ? [(640, 480), (1400, 1050), (2200, 1650)] : [(640, 480), (1400, 1050)])
    func formats(kind: Kind, size: (Int, Int)) throws {
        let bench = try Bench()
        try bench.space.write(try Bench.encode(Bench.smear(seed: 1, width: 96, height: 96)), to: "small.png")
        let bytes = try kind.bytes(Self.smear(size.0, size.1))
        try bench.space.write(bytes, to: "capture")
        let estimate = try Self.estimate(bytes, Profile(name: "", references: []))
        let peak = try Self.peak(bench, beyond: estimate, [])
        let figures = "\(kind) \(size): estimated \(estimate >> 20) MiB, took \(peak >> 20) MiB"
        print(figures)
        #expect(estimate >= peak, "\(figures)")
        if kind != .blankRunLengths, size.0 > 1000 { #expect(estimate <= peak * 3 / 2, "\(figures)") }
    }

    @Test(
        "The estimate follows what the profile asks for",
        arguments: isLong ? [[1], [2], [1, 2], [1, 2, 3]] : [[1, 2]], isLong ? [2_000_000, 500_000] : [500_000])
    func profiles(levels: [Int], tilePixels: Int) throws {
        let bench = try Bench()
        try bench.space.write(try Bench.encode(Bench.smear(seed: 1, width: 96, height: 96)), to: "small.png")
        let bytes = try Kind.png.bytes(Self.smear(1400, 1050))
        try bench.space.write(bytes, to: "capture")
        var profile = Profile(name: "", references: [])
        profile.parameters.levels = .joint(levels)
        profile.parameters.tilePixels = tilePixels
        let options = [
            "--layer", levels.map(String.init).joined(separator: ","), "--tile-pixels", String(tilePixels),
        ]
        let estimate = try Self.estimate(bytes, profile)
        let peak = try Self.peak(bench, beyond: estimate, options)
        let figures = "\(options): estimated \(estimate >> 20) MiB, took \(peak >> 20) MiB"
        print(figures)
        #expect(estimate >= peak, "\(figures)")
    }
}
