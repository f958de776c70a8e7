import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Normalizer")
struct NormalizerTests {
    private func parameters(_ edit: (inout NormalizationParameters) -> Void = { _ in }) -> NormalizationParameters {
        var parameters = NormalizationParameters()
        edit(&parameters)
        return parameters
    }

    private let capture = SmearScene(seed: 1, width: 90, height: 70).render(in: .labB, noiseSeed: 1)
    private let references = [
        SmearScene(seed: 2, width: 120, height: 160).render(in: .labA, noiseSeed: 2),
        SmearScene(seed: 3, width: 150, height: 100).render(in: .labA, noiseSeed: 3),
    ]

    private func normalize(
        _ parameters: NormalizationParameters, threads: Int = 2, cache: [UInt8]? = nil
    ) throws -> Normalization {
        try Normalizer(
            extractor: SmearNet.embedded, references: references, parameters: parameters,
            workers: Workers(threads: threads), cache: cache
        ).normalize(capture)
    }

    @Test(
        "The same inputs give the same bytes with 1, 2 and 3 threads, twice each",
        arguments: [
            NormalizationParameters.Levels.joint([1]), .joint([2]), .joint([1, 2]), .joint([3, 1]), .progressive,
        ])
    func determinism(levels: NormalizationParameters.Levels) throws {
        var results: [RGBImage] = []
        for threads in [1, 1, 2, 2, 3, 3] {
            results.append(try normalize(parameters { $0.levels = levels }, threads: threads).image)
        }
        #expect(results.dropFirst().allSatisfy { $0 == results[0] })
        #expect(results[0].width == capture.width && results[0].height == capture.height)
        #expect(results[0] != capture)
    }

    @Test(
        "With VGG-19, too, the bytes do not depend on the number of threads",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func determinismOfVGG19() throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
        let results = try [1, 1, 2, 2].map { threads in
            try Normalizer(
                extractor: network, references: references, parameters: parameters(),
                workers: Workers(threads: threads)
            ).normalize(capture).image
        }
        #expect(results.dropFirst().allSatisfy { $0 == results[0] })
    }

    @Test("Every sample of a result lies in 0…1, for every setting of levels, references and enhancement")
    func range() throws {
        for levels in [NormalizationParameters.Levels.joint([1, 2]), .progressive] {
            for use in NormalizationParameters.ReferenceUse.allCases {
                for enhancement in NormalizationParameters.Enhancement.allCases {
                    let result = try normalize(
                        parameters {
                            $0.levels = levels
                            $0.referenceUse = use
                            $0.enhancement = enhancement
                        })
                    #expect(result.image.samples.allSatisfy { (0...1).contains($0) })
                }
            }
        }
    }

    @Test("The result takes the reference's colors: an image normalized to a recolored copy of itself becomes it")
    func recoloring() throws {
        var target = capture
        for pixel in 0..<target.pixelCount {
            target.samples[3 * pixel] = 0.2 + 0.6 * target.samples[3 * pixel]
            target.samples[3 * pixel + 1] *= 0.8
            target.samples[3 * pixel + 2] = 0.9 * target.samples[3 * pixel + 2] + 0.05
        }
        let result = try Normalizer(
            extractor: SmearNet.embedded, references: [target], parameters: parameters(), workers: Workers(threads: 2)
        ).normalize(capture).image
        func distance(_ a: RGBImage, _ b: RGBImage) -> Float {
            let (a, b) = (LabImage(a).samples, LabImage(b).samples)
            return zip(a, b).map { abs($0 - $1) }.reduce(0, +) / Float(a.count)
        }
        let before = distance(capture, target), after = distance(result, target)
        print("mean Lab difference \(before) → \(after)")
        #expect(after < before / 3)
    }

    @Test("A cache gives the same result; one that is damaged or belongs to other inputs is refused")
    func cache() throws {
        let settings = parameters()
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: references, parameters: settings, workers: Workers(threads: 2))
        let cache = normalizer.cacheData()
        #expect(try normalize(settings, cache: cache).image == normalizer.normalize(capture).image)
        func code(_ bytes: [UInt8], _ parameters: NormalizationParameters) -> EngineError.Code? {
            do { _ = try normalize(parameters, cache: bytes) } catch { return (error as? EngineError)?.code }
            return nil
        }
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<30 {
            var damaged = cache
            damaged[Int.random(in: 0..<cache.count, using: &generator)] ^=
                1 << UInt8.random(in: 0...7, using: &generator)
            #expect(code(damaged, settings) == .invalidCache)
            #expect(
                code(Array(cache.prefix(Int.random(in: 0..<cache.count, using: &generator))), settings) == .invalidCache
            )
        }
        #expect(code(cache, parameters { $0.components = 8 }) == .invalidCache)
        #expect(code(cache, parameters { $0.seed = 2 }) == .invalidCache)
        // What the references' share does not depend on may differ.
        #expect(code(cache, parameters { $0.lambdaLocal = 0.125 }) == nil)
        #expect(code(cache, parameters { $0.tilePixels = 65_536 }) == nil)
    }

    @Test("Stages have the grid's size and hold what was searched")
    func stages() throws {
        let normalization = try Normalizer(
            extractor: SmearNet.embedded, references: references,
            parameters: parameters {
                $0.levels = .joint([2])
                $0.enhancement = .clustering
            },
            workers: Workers(threads: 2)
        ).normalize(capture, keepingStages: true)
        let stages = try #require(normalization.stages)
        #expect(stages.source.width == 45 && stages.source.height == 35)
        #expect(stages.field.count == 45 * 35 && stages.confidence.values.count == 45 * 35)
        #expect(Set(stages.field.map(\.reference)) == [0, 1])
        for target in stages.field {
            let (width, height) = target.reference == 0 ? (60, 80) : (75, 50)
            #expect(target.x >= 0 && target.x < width && target.y >= 0 && target.y < height)
        }
        #expect(stages.referenceFeatures.map(\.width) == [60, 75])
        #expect(Set(stages.referenceClusters.flatMap(\.bytes)).count == 5)
        #expect(stages.sourceClusters?.bytes.allSatisfy { $0 < 5 } == true)
        #expect(stages.transfer.channels == 6 && stages.transferLabels == nil)
        let report = try #require(normalization.transfer)
        #expect(report.solver == .leastSquares && report.labels == nil && report.pixels == 45 * 35)
        let terms = report.energy.data + report.energy.local + report.energy.nonlocal
        #expect(report.energy.data > 0 && abs(report.energy.total - terms) < 1e-6 * terms)
    }

    @Test("A blank reference, one too small, none and four are refused with the reference's number")
    func badReferences() {
        func message(_ references: [RGBImage]) -> String {
            do {
                _ = try Normalizer(
                    extractor: SmearNet.embedded, references: references, parameters: parameters(),
                    workers: Workers(threads: 1))
            } catch { return "\(error)" }
            return "accepted"
        }
        let blank = RGBImage(width: 50, height: 50, filledWith: (0.9, 0.9, 0.8))
        #expect(message([references[0], blank]).contains("reference 2: the image is blank"))
        #expect(message([references[0], RGBImage(width: 5, height: 9, filledWith: (0, 0, 0))]).contains("reference 2"))
        #expect(message([]).contains("0 references"))
        #expect(message([RGBImage](repeating: references[0], count: 4)).contains("4 references"))
    }

    @Test("A capture of one pixel, or smaller than a patch at the level, is refused; the least size works")
    func smallCaptures() throws {
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: references,
            parameters: parameters { $0.levels = .joint([1, 2]) },
            workers: Workers(threads: 1))
        for (width, height) in [(1, 1), (5, 100), (100, 5)] {
            #expect(throws: EngineError.self) {
                try normalizer.normalize(RGBImage(width: width, height: height, filledWith: (0.5, 0.4, 0.6)))
            }
        }
        let least = try normalizer.normalize(TestImages.random(width: 6, height: 7, seed: 9))
        #expect(least.image.width == 6 && least.image.samples.allSatisfy { $0.isFinite })
    }

    @Test("Captures of one color, of noise and of extreme values give finite colors")
    func degenerateCaptures() throws {
        let normalizer = try Normalizer(
            extractor: SmearNet.embedded, references: references, parameters: parameters(), workers: Workers(threads: 2)
        )
        var generator = SeededGenerator(seed: 7)
        let noise = RGBImage(
            width: 40, height: 40, samples: (0..<4800).map { _ in Float.random(in: 0...1, using: &generator) })
        let extremes = RGBImage(
            width: 40, height: 40, samples: (0..<4800).map { _ in Bool.random(using: &generator) ? 1 : 0 })
        for value in [Float(0), 0.5, 1] {
            let flat = RGBImage(width: 40, height: 40, filledWith: (value, value, value))
            #expect(try normalizer.normalize(flat).image.samples.allSatisfy { (0...1).contains($0) })
        }
        for image in [noise, extremes] {
            #expect(try normalizer.normalize(image).image.samples.allSatisfy { (0...1).contains($0) })
        }
    }

    @Test("Parameters out of range are refused by name")
    func badParameters() {
        let cases: [(String, (inout NormalizationParameters) -> Void)] = [
            ("levels", { $0.levels = .joint([]) }), ("levels", { $0.levels = .joint([6]) }),
            ("levels", { $0.levels = .joint([1, 1]) }), ("components", { $0.components = 0 }),
            ("cluster_count", { $0.clusterCount = 1 }), ("lambda_local", { $0.lambdaLocal = -1 }),
            ("lambda_nonlocal", { $0.lambdaNonlocal = .nan }),
            ("guided_filter_epsilon", { $0.guidedFilterEpsilon = 0 }),
            ("patchmatch_iterations", { $0.patchMatchIterations = 0 }),
            ("solver_tolerance", { $0.solverTolerance = 1 }),
            ("solver_labels", { $0.solverLabels = 15 }), ("solver_labels", { $0.solverLabels = 65 }),
            (
                "tile_pixels",
                {
                    $0.solver = .graphCut
                    $0.tilePixels = 100_000_001
                }
            ),
        ]
        for (name, edit) in cases {
            do {
                try parameters(edit).validate()
                Issue.record("\(name) was accepted")
            } catch {
                #expect("\(error)".contains(name))
            }
        }
    }
}
