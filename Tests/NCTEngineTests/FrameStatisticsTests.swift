import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("FrameStatistics")
struct FrameStatisticsTests {
    private let workers = Workers(threads: 2)
    private let frame = SmearScene(seed: 11, width: 900, height: 700).render(in: .labB, noiseSeed: 11)

    /// The frame's standardization as tiles use it, and as the whole image has it.
    private func both(
        _ extractor: any FeatureExtractor, levels: [Int], standardization: NormalizationParameters.Standardization,
        seed: UInt64 = 1
    ) throws -> (parts: [Int: Standardization], whole: [Int: Standardization]) {
        var parameters = NormalizationParameters()
        parameters.standardization = standardization
        parameters.seed = seed
        let reading = CaptureReading(frame, extractor: extractor, workers: workers)
        let parts = try FrameStatistics.standardizations(
            of: frame, reading: try reading.parts(atLevels: levels, workers: workers),
            reach: extractor.reach(atLevel: levels.max()!), levels: levels, parameters: parameters, limit: 30_000,
            workers: workers)
        let whole = try CaptureFeatures(reading, levels: levels, standardization: standardization, workers: workers)
        return (parts, whole.byLevel.mapValues { $0.standardization })
    }

    /// The root mean square over the channels of the error of a mean, in deviations, and of a deviation, as a share.
    private func errors(_ part: Standardization, _ whole: Standardization) -> (mean: Double, deviation: Double) {
        var (mean, deviation, count) = (0.0, 0.0, 0.0)
        for channel in whole.mean.indices where whole.inverseDeviation[channel] > 0 {
            let shift = (part.mean[channel] - whole.mean[channel]) * whole.inverseDeviation[channel]
            let ratio = part.inverseDeviation[channel] / whole.inverseDeviation[channel] - 1
            mean += shift * shift
            deviation += ratio * ratio
            count += 1
        }
        return ((mean / count).squareRoot(), (deviation / count).squareRoot())
    }

    @Test("Level 1 has the whole image's standardization", arguments: NormalizationParameters.Standardization.allCases)
    func exact(standardization: NormalizationParameters.Standardization) throws {
        let (parts, whole) = try both(SmearNet.embedded, levels: [1], standardization: standardization)
        let found = errors(try #require(parts[1]), try #require(whole[1]))
        print("level 1, \(standardization): \(found)")
        // The balance is measured on every pixel of so small a frame but for the few in which the sums' order matters.
        #expect(found.mean < 1e-4 && found.deviation < 1e-4)
    }

    @Test("Deeper levels come near it from a sixth of the rows", arguments: [1, 2, 3] as [UInt64])
    func sampled(seed: UInt64) throws {
        let levels = [2, 3]
        let (parts, whole) = try both(SmearNet.embedded, levels: levels, standardization: .balanced, seed: seed)
        for level in levels {
            let found = errors(try #require(parts[level]), try #require(whole[level]))
            print("level \(level), seed \(seed): \(found)")
            #expect(found.mean < 0.15 && found.deviation < 0.4)
        }
    }

    @Test(
        "So they do with VGG-19, level 1 in between as well",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func vgg19() throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
        let alone = try both(network, levels: [1], standardization: .balanced)
        let exact = errors(try #require(alone.parts[1]), try #require(alone.whole[1]))
        #expect(exact.mean < 1e-4 && exact.deviation < 1e-4)
        let (parts, whole) = try both(network, levels: [1, 2], standardization: .balanced)
        for level in [1, 2] {
            let found = errors(try #require(parts[level]), try #require(whole[level]))
            print("VGG-19, level \(level) of 1 and 2: \(found)")
            #expect(found.mean < 0.15 && found.deviation < 0.4)
        }
    }

    @Test("Every slot of rows counts the same on average, and all slots are counted for every time")
    func slots() {
        var counted = [Double](repeating: 0, count: 14)
        for seed in 0..<3000 as Range<UInt64> {
            let slots = FrameStatistics.slots(count: 14, step: 6, seed: seed)
            #expect(slots.map(\.factor).reduce(0, +) == 14)
            for (slot, factor) in slots { counted[slot] += factor / 3000 }
        }
        // A slot is drawn 500 times of 3000: three deviations are 0.13.
        #expect(counted.allSatisfy { abs($0 - 1) < 0.2 }, "\(counted)")
    }

    @Test("The sample has the frame's own pixels, from all of its columns")
    func sample() {
        var frame = RGBImage(width: 1600, height: 1500, filledWith: (red: 0, green: 0, blue: 0))
        for pixel in 0..<frame.pixelCount { frame.samples[3 * pixel] = Float(pixel % 1600) }
        let sample = FrameStatistics.sample(of: frame)
        #expect((400_000...700_000).contains(sample.pixelCount))
        let columns = Set((0..<sample.pixelCount).map { Int(sample.samples[3 * $0]) })
        #expect(columns.contains { $0 % 2 == 0 } && columns.contains { $0 % 2 == 1 })
    }
}
