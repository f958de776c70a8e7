import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("FeatureReading")
struct FeatureReadingTests {
    private let workers = Workers(threads: 2)

    /// The greatest difference of a part's features from the whole image's, as a share of the greatest feature, at
    /// least `margin` pixels of the image from the part's borders.
    private func difference(
        _ part: FeatureMap, _ whole: FeatureMap, area: PixelArea, level: Int, margin: Int
    ) -> Float {
        let scale = 1 << (level - 1)
        let inset = (margin + scale - 1) / scale
        var greatest: Float = 0
        for y in inset..<part.height - inset {
            for x in inset..<part.width - inset {
                let other = ((area.y / scale + y) * whole.width + area.x / scale + x) * part.channels
                for channel in 0..<part.channels {
                    greatest = max(
                        greatest,
                        abs(part.values[(y * part.width + x) * part.channels + channel] - whole.values[other + channel])
                    )
                }
            }
        }
        return greatest / (whole.values.map { abs($0) }.max() ?? 1)
    }

    @Test(
        "VGG-19's features of a part are the whole image's from its reach on, and not before",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)), arguments: 1...5)
    func vgg19(level: Int) throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: level)
        let image = TestImages.random(width: 400, height: 352, seed: 3)
        let area = PixelArea(x: 64, y: 32, width: 272, height: 256)
        let whole = try network.features(of: image, levels: [level], workers: workers)[level]!
        let part = try network.reading(of: image, levels: [level], workers: workers)
            .features(of: area, workers: workers)[level]!
        let reach = network.reach(atLevel: level)
        #expect(difference(part, whole, area: area, level: level, margin: reach) < 1e-5)
        let scale = 1 << (level - 1)
        let nearer = (reach + scale - 1) / scale * scale - scale
        #expect(difference(part, whole, area: area, level: level, margin: nearer) > 1e-5)
    }

    @Test("The built-in network's features of a part are a part of the whole image's", arguments: [1, 2])
    func smearnet(reduction: Int) throws {
        let (width, height) = (400 * reduction, 480 * reduction)
        let image = SmearScene(seed: 4, width: width, height: height).render(in: .labB, noiseSeed: 4)
        let whole = try SmearNet.embedded.features(of: image, levels: [1, 3], workers: workers)
        let reading = try SmearNet.embedded.reading(of: image, levels: [1, 3], workers: workers)
        let area = PixelArea(x: 64, y: 96, width: 200, height: 160)
        let part = try reading.features(of: area, workers: workers)
        for level in [1, 3] {
            #expect(difference(part[level]!, whole[level]!, area: area, level: level, margin: 0) < 1e-6)
        }
    }

    @Test("One look of the built-in network serves features and classes as two looks do")
    func shared() throws {
        let image = SmearScene(seed: 5, width: 500, height: 400).render(in: .labA, noiseSeed: 5)
        let reading = CaptureReading(
            image, extractor: SmearNet.embedded, workers: workers)
        let features = try reading.features(atLevels: [2, 3], workers: workers)
        #expect(try features == SmearNet.embedded.features(of: image, levels: [2, 3], workers: workers))
        let alone = try SmearNet.embedded.segmentation(of: image, workers: workers)
        #expect(reading.segmentation?.probabilities == alone.probabilities)
    }

    @Test("The classes of a part are a part of the whole image's, on each grid", arguments: [1, 2, 4])
    func classes(scale: Int) throws {
        let image = SmearScene(seed: 6, width: 1000, height: 960).render(in: .labB, noiseSeed: 6)
        let segmentation = try SmearNet.embedded.segmentation(of: image, workers: workers)
        let whole = segmentation.labels(reducedBy: scale, workers: workers)
        let area = PixelArea(x: 320, y: 160, width: 400, height: 304)
        let part = segmentation.labels(reducedBy: scale, in: area, workers: workers)
        #expect(part.width == 400 / scale && part.height == 304 / scale)
        for y in 0..<part.height {
            for x in 0..<part.width {
                #expect(part[x, y] == whole[320 / scale + x, 160 / scale + y])
            }
        }
        #expect(Set(part.bytes).count > 1)
    }
}
