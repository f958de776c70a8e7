import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

/// Whether a match is of the same class, on phantoms of different scenes in different stains: the exact classes of both
/// are known.
///
/// `NCTD_PAIRS=50` measures so many pairs of every setting, the result's CIEDE2000 to the truth too, and prints the table;
/// the tests take a few.
@Suite("Correspondence")
struct CorrespondenceTests {
    private struct Setting {
        let extractor: any FeatureExtractor
        let level: Int
        let enhancement: NormalizationParameters.Enhancement
    }

    private static let asked = ProcessInfo.processInfo.environment["NCTD_PAIRS"].flatMap { UInt64($0) }
    private static let seeds = Array(6001..<6001 + max(1, asked ?? 3))

    /// The class at the middle of each square of a grid.
    private func classes(_ scene: SmearScene, scale: Int) -> LabelMap<SmearClass> {
        let (width, height) = (scene.classes.width / scale, scene.classes.height / scale)
        var result = LabelMap<SmearClass>(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width { result[x, y] = scene.classes[x * scale + scale / 2, y * scale + scale / 2] }
        }
        return result
    }

    /// Shares of pixels whose match is of their class: of all pixels, and the mean of the five classes' own.
    private func shares(_ setting: Setting) throws -> (all: Double, mean: Double) {
        let workers = Workers(threads: 2)
        var parameters = NormalizationParameters()
        parameters.enhancement = setting.enhancement
        var (right, total) = ([Double](repeating: 0, count: 5), [Double](repeating: 0, count: 5))
        for seed in Self.seeds {
            let pair = SmearPhantom.pair(
                seed: seed, source: .random(seed), reference: .random(seed + 5000), width: 320, height: 240)
            func reading(_ image: RGBImage) -> CaptureReading {
                CaptureReading(image, extractor: setting.extractor, workers: workers)
            }
            let plan = try LevelPlan(
                references: pair.references.map(reading), levels: [setting.level], parameters: parameters,
                workers: workers)
            let run = try LevelRun(
                capture: pair.source, appearance: reading(pair.source), plan: plan, parameters: parameters,
                initial: nil, workers: workers, onStage: { _ in })
            let source = classes(pair.scene, scale: plan.scale)
            let target = classes(pair.referenceScenes[0], scale: plan.scale)
            for (pixel, position) in run.forward.positions.enumerated() {
                let match = plan.map.target(of: position)
                let kind = source[pixel]
                total[Int(kind.rawValue)] += 1
                if target[match.x, match.y] == kind { right[Int(kind.rawValue)] += 1 }
            }
        }
        let present = total.indices.filter { total[$0] > 0 }
        return (
            right.reduce(0, +) / total.reduce(0, +),
            present.reduce(0) { $0 + right[$1] / total[$1] } / Double(present.count)
        )
    }

    /// Mean CIEDE2000 of the results to the truth, and of the captures.
    private func errors(
        _ extractor: any FeatureExtractor, _ enhancement: NormalizationParameters.Enhancement, levels: [Int]
    ) throws -> (before: Double, after: Double) {
        let workers = Workers(threads: 2)
        var parameters = NormalizationParameters()
        parameters.enhancement = enhancement
        parameters.levels = .joint(levels)
        var (before, after) = (0.0, 0.0)
        for seed in Self.seeds {
            let pair = SmearPhantom.pair(
                seed: seed, source: .random(seed), reference: .random(seed + 5000), width: 320, height: 240)
            let result = try Normalizer(
                extractor: extractor, references: pair.references, parameters: parameters, workers: workers
            ).normalize(pair.source)
            let truth = LabImage(pair.truth)
            before += CIEDE2000.mean(LabImage(pair.source), truth) / Double(Self.seeds.count)
            after += CIEDE2000.mean(LabImage(result.image), truth) / Double(Self.seeds.count)
        }
        return (before, after)
    }

    private func measured(
        _ extractor: any FeatureExtractor, _ levels: ClosedRange<Int>
    ) throws -> [String: (all: Double, mean: Double)] {
        var result: [String: (all: Double, mean: Double)] = [:]
        for level in levels {
            for enhancement in NormalizationParameters.Enhancement.allCases {
                let setting = Setting(extractor: extractor, level: level, enhancement: enhancement)
                let shares = try shares(setting)
                result["\(level) \(enhancement)"] = shares
                print(
                    "\(extractor.identifier) level \(level) \(enhancement), \(Self.seeds.count) pairs: "
                        + "\(Self.percent(shares.all)) of all, \(Self.percent(shares.mean)) of the classes")
            }
        }
        guard Self.asked != nil else { return result }
        for levels in levels.map({ [$0] }) + [[1, 2]] {
            for enhancement in NormalizationParameters.Enhancement.allCases {
                let errors = try errors(extractor, enhancement, levels: levels)
                print(
                    "\(extractor.identifier) levels \(levels) \(enhancement), CIEDE2000 to the truth: "
                        + String(format: "%.2f before, %.2f after", errors.before, errors.after))
            }
        }
        return result
    }

    private static func percent(_ share: Double) -> String { "\((share * 1000).rounded() / 10) %" }

    @Test("With the network's features and classes 95 of 100 pixels of other scenes and stains match their class")
    func smearnet() throws {
        let found = try measured(SmearNet.embedded, 1...3)
        for level in 1...3 {
            let segmented = try #require(found["\(level) segmentation"])
            #expect(segmented.all > 0.95 && segmented.mean > 0.85, "level \(level): \(segmented)")
            for other in ["none", "clustering"] {
                let plain = try #require(found["\(level) \(other)"])
                #expect(segmented.mean > plain.mean, "level \(level) \(other): \(plain), segmentation \(segmented)")
            }
        }
    }

    @Test(
        "Its classes right VGG-19's matches, too",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func vgg19() throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 3)
        let found = try measured(network, Self.seeds.count > 3 ? 1...3 : 2...2)
        for (level, shares) in found where level.hasSuffix("segmentation") {
            let plain = try #require(found[level.replacing("segmentation", with: "none")])
            #expect(shares.all > plain.all + 0.02 && shares.mean > plain.mean, "\(level): \(plain) → \(shares)")
        }
    }
}
