import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("TiledRun")
struct TiledRunTests {
    private static let pair = SmearPhantom.pair(
        seed: 77, source: .labB, reference: .labA, width: 640, height: 480, referenceCount: 2)

    private func normalize(
        _ extractor: any FeatureExtractor = SmearNet.embedded, image: RGBImage = pair.source, threads: Int = 2,
        _ edit: (inout NormalizationParameters) -> Void
    ) throws -> Normalization {
        var parameters = NormalizationParameters()
        edit(&parameters)
        return try Normalizer(
            extractor: extractor, references: Self.pair.references, parameters: parameters,
            workers: Workers(threads: threads)
        ).normalize(image)
    }

    /// Per column or row, ΔE*ab between it and the one before: of a change of color, the mean over the pixels of what
    /// neighbors differ by, and what the line's mean differs by. The second is blind to noise and sees a faint edge.
    private struct Steps {
        var absolute: [Double] = []
        var signed: [Double] = []

        /// - Parameter columns: between columns, else between rows.
        init(of change: [Float], width: Int, height: Int, columns: Bool) {
            let (lines, length, step, along) = columns ? (width, height, 1, width) : (height, width, width, 1)
            for line in 1..<lines {
                var (sum, signed) = (0.0, SIMD3<Double>.zero)
                for place in 0..<length {
                    let pixel = line * step + place * along
                    var difference = SIMD3<Double>.zero
                    for channel in 0..<3 {
                        difference[channel] = Double(
                            change[3 * pixel + channel] - change[3 * (pixel - step) + channel])
                    }
                    sum += (difference * difference).sum().squareRoot()
                    signed += difference
                }
                absolute.append(sum / Double(length))
                self.signed.append((signed * signed).sum().squareRoot() / Double(length))
            }
        }
    }

    private func difference(_ a: RGBImage, _ b: RGBImage) -> [Float] {
        zip(LabImage(a).samples, LabImage(b).samples).map { $0 - $1 }
    }

    /// Compares a frame in tiles with the same frame as a whole.
    private func check(
        _ extractor: any FeatureExtractor, levels: NormalizationParameters.Levels, tilePixels: Int = 65_536,
        solver: NormalizationParameters.Solver = .leastSquares, color limit: Double
    ) throws {
        let whole = try normalize(extractor) {
            $0.levels = levels
            $0.solver = solver
        }
        let tiled = try normalize(extractor) {
            $0.levels = levels
            $0.solver = solver
            $0.tilePixels = tilePixels
        }
        #expect(whole.tiles == 1 && tiled.tiles > 1)
        let (reached, parts) = (try #require(whole.transfer), try #require(tiled.transfer))
        #expect(reached.solver == solver && parts.solver == solver && (parts.labels != nil) == (solver == .graphCut))
        // Overlapping tiles have more pixels, and about as much energy a pixel.
        #expect(parts.pixels > reached.pixels)
        let energies = [parts, reached].map { $0.energy.total / Double($0.pixels) }
        #expect(energies[0] < 2 * energies[1] && energies[1] < 2 * energies[0])
        let color = CIEDE2000.mean(LabImage(tiled.image), LabImage(whole.image))
        let moved = CIEDE2000.mean(LabImage(whole.image), LabImage(Self.pair.source))
        print("\(levels): \(tiled.tiles) tiles; CIEDE2000 to the whole \(color), of the whole to the source \(moved)")
        #expect(color < limit && color < 0.15 * moved)
        #expect(abs(tiled.quality.confidence - whole.quality.confidence) < 0.05)

        var parameters = NormalizationParameters()
        (parameters.levels, parameters.tilePixels) = (levels, tilePixels)
        let layout = try #require(
            TiledRun.layout(for: Self.pair.source, extractor: extractor, parameters: parameters))
        let (width, height) = (Self.pair.source.width, Self.pair.source.height)
        // What the method changes, and what tiles change of that: the second has no structure of its own to hide in.
        let change = difference(tiled.image, Self.pair.source)
        let changeOfWhole = difference(whole.image, Self.pair.source)
        let deviation = difference(tiled.image, whole.image)
        for (spans, columns) in [(layout.columns, true), (layout.rows, false)] where spans.count > 1 {
            let seams = Set(spans.dropFirst().map(\.core.lowerBound))
            let blended = Set(seams.flatMap { $0 - layout.blend / 2..<$0 + layout.blend / 2 })
            func mean(_ values: [Double], _ lines: (Int) -> Bool) -> Double {
                let chosen = values.indices.filter { lines($0 + 1) }.map { values[$0] }
                return chosen.reduce(0, +) / Double(max(1, chosen.count))
            }
            let steps = Steps(of: change, width: width, height: height, columns: columns)
            // Against the whole's on the same lines, for what lies there is not alike everywhere; and a tile changes as
            // much more or less than the whole elsewhere, too.
            let stepsOfWhole = Steps(of: changeOfWhole, width: width, height: height, columns: columns)
            func ratio(_ lines: (Int) -> Bool) -> Double {
                mean(steps.absolute, lines) / mean(stepsOfWhole.absolute, lines)
            }
            let elsewhere = ratio { !blended.contains($0) }
            let (seam, zone) = (ratio(seams.contains) / elsewhere, ratio(blended.contains) / elsewhere)
            let drift = Steps(of: deviation, width: width, height: height, columns: columns)
            let drifts = mean(drift.signed, blended.contains)
            let usual = mean(drift.signed) { !blended.contains($0) }
            print(
                "  \(columns ? "columns" : "rows"): change between neighbors over the whole's \(elsewhere), and over that in the blend "
                    + "\(zone), at seams \(seam); drift \(usual), in the blend \(drifts)")
            #expect(seam < 1.07)
            #expect(zone < 1.07)
            // Two halves that know nothing of each other drift by more than 1 at their seam.
            #expect(drifts < 0.1)
        }
    }

    @Test("Two halves that were normalized each by itself have a seam by the same measure")
    func control() throws {
        let source = Self.pair.source
        let whole = try normalize { _ in }.image
        var glued = whole
        for x in [0, source.width / 2] {
            let area = PixelArea(x: x, y: 0, width: source.width / 2, height: source.height)
            let half = try normalize(image: source.cropped(to: area)) { _ in }.image
            for y in 0..<area.height {
                let start = 3 * (y * source.width + x)
                glued.samples.replaceSubrange(
                    start..<start + 3 * area.width,
                    with: half.samples[3 * y * area.width..<3 * (y + 1) * area.width])
            }
        }
        let drift = Steps(
            of: difference(glued, whole), width: source.width, height: source.height, columns: true
        ).signed
        let seam = drift[source.width / 2 - 1]
        let usual = drift.reduce(0, +) / Double(drift.count)
        print("glued halves: drift \(usual), at the seam \(seam)")
        #expect(seam > 0.5)
    }

    @Test(
        "A frame in tiles has the colors of the frame as a whole, and no seams",
        arguments: [NormalizationParameters.Levels.joint([1]), .joint([2]), .joint([1, 2]), .joint([1, 3])])
    func levels(levels: NormalizationParameters.Levels) throws {
        // Twice as many pixels are allowed where level 1 does not take part.
        try check(SmearNet.embedded, levels: levels, color: 0.6)
    }

    @Test("So it has with the progressive scheme")
    func progressive() throws {
        try check(SmearNet.embedded, levels: .progressive, tilePixels: 150_000, color: 0.8)
    }

    @Test(
        "So it has with the graph cut, and with it the progressive scheme",
        arguments: [NormalizationParameters.Levels.joint([1]), .progressive])
    func graphCut(levels: NormalizationParameters.Levels) throws {
        try check(
            SmearNet.embedded, levels: levels, tilePixels: levels == .progressive ? 150_000 : 65_536, solver: .graphCut,
            color: 0.8)
    }

    @Test(
        "So it has with VGG-19", .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)),
        arguments: [[1], [2], [1, 2]])
    func vgg19(levels: [Int]) throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
        try check(network, levels: .joint(levels), color: 0.6)
    }

    @Test(
        "1, 2 and 3 threads give the same bytes",
        arguments: [NormalizationParameters.Levels.joint([1, 2]), .progressive])
    func threads(levels: NormalizationParameters.Levels) throws {
        let results = try [1, 2, 3].map { threads in
            try normalize(threads: threads) {
                $0.levels = levels
                $0.tilePixels = 150_000
            }
        }
        #expect(results.allSatisfy { $0.image == results[0].image && $0.tiles > 1 })
        #expect(results.allSatisfy { $0.quality.confidence == results[0].quality.confidence })
    }

    @Test("A frame of as many pixels as a tile may have is worked on as a whole, one of a column more is not")
    func limit() throws {
        func tiles(width: Int, _ tilePixels: Int) throws -> Normalization {
            let image = Self.pair.source.cropped(to: PixelArea(x: 100, y: 60, width: width, height: 256))
            return try normalize(image: image) { $0.tilePixels = tilePixels }
        }
        let (fits, whole) = (try tiles(width: 256, 65_536), try tiles(width: 256, 2_000_000))
        #expect(fits.tiles == 1 && fits.image == whole.image)
        #expect(try tiles(width: 257, 65_536).tiles > 1)
    }

    @Test("The strength and every enhancement and standardization serve in tiles as they do in the whole")
    func settings() throws {
        for enhancement in NormalizationParameters.Enhancement.allCases {
            for standardization in NormalizationParameters.Standardization.allCases {
                func run(_ tilePixels: Int) throws -> Normalization {
                    try normalize {
                        $0.tilePixels = tilePixels
                        $0.enhancement = enhancement
                        $0.standardization = standardization
                        $0.referenceUse = .best
                        $0.trendShare = 0.3
                        // Fades the transfer.
                        $0.alikeDistance = 9
                    }
                }
                let (whole, tiled) = (try run(2_000_000), try run(65_536))
                #expect(whole.quality.transferStrength < 1 && whole.quality.transferStrength > 0)
                #expect(tiled.tiles > 1 && tiled.chosenReference == whole.chosenReference)
                let color = CIEDE2000.mean(LabImage(tiled.image), LabImage(whole.image))
                print("\(enhancement), \(standardization): CIEDE2000 to the whole \(color)")
                #expect(color < 0.8)
            }
        }
    }

    @Test("Pictures of what happened inside are refused for a frame in tiles, with what to do about it")
    func stages() throws {
        var parameters = NormalizationParameters()
        parameters.tilePixels = 65_536
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: Self.pair.references, parameters: parameters,
            workers: Workers(threads: 2))
        let error = #expect(throws: EngineError.self) {
            try normalizer.normalize(Self.pair.source, keepingStages: true)
        }
        #expect(error?.code == .invalidParameter && error?.message.contains("640×480") == true)
        #expect(error?.remedy.contains("tile_pixels to 307200") == true)
    }
}
