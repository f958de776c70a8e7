import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// The verdict and the result of whole normalizations, of ordinary captures and of what is none.
@Suite("Quality of normalizations")
struct NormalizationQualityTests {
    private static let pair = SmearPhantom.pair(
        seed: 31, source: .labB, reference: .labA, width: 320, height: 240, referenceCount: 2)

    private func normalizer(
        _ references: [RGBImage] = pair.references, threads: Int = 2, levels: [Int] = [2], cache: [UInt8]? = nil
    ) throws -> Normalizer {
        var parameters = NormalizationParameters()
        parameters.levels = .joint(levels)
        return try Normalizer(
            extractor: SmearNet.embedded, references: references, parameters: parameters,
            workers: Workers(threads: threads), cache: cache)
    }

    /// Mean CIEDE2000.
    private func difference(_ a: RGBImage, _ b: RGBImage) -> Double {
        let (a, b) = (LabImage(a).samples.map(Double.init), LabImage(b).samples.map(Double.init))
        var sum = 0.0
        for i in stride(from: 0, to: a.count, by: 3) {
            sum += CIEDE2000.difference((a[i], a[i + 1], a[i + 2]), (b[i], b[i + 1], b[i + 2]))
        }
        return sum / Double(a.count / 3)
    }

    @Test("An ordinary capture is good: its structure is kept, its colors come to the references'")
    func ordinary() throws {
        let quality = try normalizer().normalize(Self.pair.source).quality
        #expect(quality.verdict == .good && quality.findings.isEmpty, "\(quality.findings)")
        #expect(quality.treatment == .transferred)
        #expect(quality.structuralSimilarity > 0.9 && quality.confidence > 0.75)
        #expect(quality.paletteDistanceAfter < quality.paletteDistanceBefore / 2)
        #expect(quality.field == FieldInspection(Self.pair.source))
    }

    @Test("A blank capture is bad, and becomes the references' background: no cell is invented")
    func blank() throws {
        let normalizer = try normalizer()
        for seed in UInt64(1)...3 {
            let capture = SmearPhantom.blankField(seed: seed, width: 320, height: 240)
            let result = try normalizer.normalize(capture, keepingStages: true)
            #expect(result.quality.verdict == .bad && result.quality.findings.map(\.kind) == [.blankField])
            #expect(result.quality.treatment == .shifted && result.stages == nil && result.quality.confidence == 0)
            let expected = SmearPhantom.blankField(seed: seed, stain: .labA, width: 320, height: 240)
            let before = difference(capture, expected), after = difference(result.image, expected)
            #expect(after < 3 && after < before / 3, "\(before) → \(after)")
            let field = FieldInspection(result.image)
            #expect(field.isBlank && !field.hasWhiteCells)
            #expect(result.quality.paletteDistanceAfter < result.quality.paletteDistanceBefore / 3)
        }
        for value in [Float(0), 0.5, 1] {
            let flat = RGBImage(width: 60, height: 50, filledWith: (value, value, value))
            let result = try normalizer.normalize(flat)
            #expect(result.quality.findings.map(\.kind) == [.blankField])
            // One color stays one color.
            #expect(Set(result.image.samples).count <= 3)
        }
    }

    @Test("What is no smear is bad and comes back unchanged", arguments: NotASmear.allCases)
    func notASmear(kind: NotASmear) throws {
        let capture = kind.image(seed: 3, width: 320, height: 240)
        let result = try normalizer().normalize(capture)
        #expect(result.quality.verdict == .bad && result.quality.findings.map(\.kind) == [.notASmear])
        #expect(result.quality.treatment == .unchanged && result.image == capture)
        #expect(result.quality.structuralSimilarity > 0.9999)
    }

    @Test("A gray picture is bad and comes back unchanged: its colors would be invented")
    func gray() throws {
        var capture = Self.pair.source
        for pixel in 0..<capture.pixelCount {
            let value = capture.samples[3 * pixel + 1]
            for channel in 0..<3 { capture.samples[3 * pixel + channel] = value }
        }
        let result = try normalizer().normalize(capture)
        #expect(result.quality.verdict == .bad && result.quality.findings.map(\.kind) == [.noColor])
        #expect(result.quality.treatment == .unchanged && result.image == capture)
        var learner = PaletteLearner()
        let isTaken = learner.add(capture, workers: Workers(threads: 2))
        #expect(!isTaken && learner.images == 0)
    }

    @Test("A capture without white cells is good and one out of focus is doubtful, and their colors are right")
    func doubtful() throws {
        let normalizer = try normalizer()
        let cases: [(QualityReport.Finding.Kind?, RGBImage, RGBImage)] = [
            (
                nil, SmearPhantom.fieldWithoutWhiteCells(seed: 41, width: 320, height: 240),
                SmearPhantom.fieldWithoutWhiteCells(seed: 41, stain: .labA, width: 320, height: 240)
            ),
            (
                .outOfFocus, SmearPhantom.outOfFocus(seed: 42, width: 320, height: 240),
                SmearPhantom.outOfFocus(seed: 42, stain: .labA, width: 320, height: 240)
            ),
        ]
        for (kind, capture, truth) in cases {
            let result = try normalizer.normalize(capture)
            #expect(result.quality.findings.map(\.kind) == (kind.map { [$0] } ?? []), "\(result.quality.findings)")
            #expect(result.quality.treatment == .transferred)
            let before = difference(capture, truth), after = difference(result.image, truth)
            #expect(after < before / 2, "\(String(describing: kind)): \(before) → \(after)")
        }
    }

    @Test("The report does not depend on the number of threads, nor on whether a cache was used")
    func determinism() throws {
        let cache = try normalizer().cacheData()
        for capture in [
            Self.pair.source, SmearPhantom.blankField(seed: 5, width: 320, height: 240),
            NotASmear.gradient.image(seed: 5, width: 320, height: 240),
        ] {
            let results =
                try [1, 1, 2, 2].map { try normalizer(threads: $0).normalize(capture) }
                + [try normalizer(cache: cache).normalize(capture)]
            for result in results.dropFirst() {
                #expect(result.quality == results[0].quality && result.image == results[0].image)
            }
        }
    }

    @Test(
        "Real captures of lab B, normalized to three ordinary images of lab A with VGG-19, are good",
        .enabled(
            if: SharedFiles.dataExpected && SharedFiles.modelsExpected,
            Comment(rawValue: "\(SharedFiles.dataReason); \(SharedFiles.modelsReason)")))
    func real() throws {
        func images(_ part: String, _ indices: [Int]) throws -> [RGBImage] {
            let urls = try SharedFiles.images(of: part)
            return try indices.map { try ImageReader.read(path: urls[$0].path).image }
        }
        let normalizer = try Normalizer(
            extractor: VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2),
            references: images("lab-a/train", [20, 110, 250]), parameters: NormalizationParameters(),
            workers: Workers(threads: 2))
        for capture in try images("lab-b/train", [10, 60, 140]) {
            let quality = try normalizer.normalize(capture).quality
            #expect(quality.verdict != .bad && quality.field.isSmear, "\(quality)")
            #expect(quality.structuralSimilarity > 0.9)
            #expect(quality.paletteDistanceAfter < quality.paletteDistanceBefore / 2)
        }
    }
}
