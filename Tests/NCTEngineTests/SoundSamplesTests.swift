import NCTEngine
import SmearPhantom
import Testing

@Suite("Samples and parameters that are no finite numbers")
struct SoundSamplesTests {
    private static let spoiling: [Float] = [.nan, .infinity, -.infinity, .signalingNaN, 1e30, -1001]
    private static let workers = Workers(threads: 2)
    private let sound = SmearScene(seed: 2, width: 90, height: 70).render(in: .labA, noiseSeed: 2)

    /// The image with its last sample spoiled.
    private func spoiled(by value: Float) -> RGBImage {
        var image = sound
        image.samples[image.samples.count - 1] = value
        return image
    }

    @Test("An image is sound as long as each sample is a finite number of at most 1000 in magnitude")
    func soundness() {
        #expect(sound.isSound && RGBImage(width: 0, height: 0, samples: []).isSound)
        #expect(RGBImage(width: 1, height: 1, samples: [-1000, -0.0, 1000]).isSound)
        for value in Self.spoiling { #expect(!spoiled(by: value).isSound, "\(value)") }
    }

    @Test("What throws refuses images that are not sound, by name", arguments: spoiling)
    func refused(value: Float) throws {
        let image = spoiled(by: value)
        func expect(_ subject: EngineError.Subject, _ body: () throws -> Void) {
            let error = #expect(throws: EngineError.self) { try body() }
            #expect(error?.code == .invalidSamples && error?.subject == subject)
        }
        func normalizer(_ references: [RGBImage]) throws -> Normalizer {
            try Normalizer(
                extractor: SmearNet.embedded, references: references, parameters: NormalizationParameters(),
                workers: Self.workers)
        }
        func baseline(_ references: [RGBImage]) throws -> BaselineNormalizer {
            try BaselineNormalizer(method: .reinhard, references: references, workers: Self.workers)
        }
        expect(.reference(1)) { _ = try normalizer([sound, image]) }
        expect(.reference(0)) { _ = try baseline([image]) }
        let (transfer, reinhard) = (try normalizer([sound]), try baseline([sound]))
        expect(.capture) { _ = try transfer.normalize(image) }
        expect(.capture) { _ = try reinhard.normalize(image) }
        expect(.image) { _ = try SmearNet.embedded.features(of: image, levels: [1], workers: Self.workers) }
        expect(.image) { _ = try SmearNet.embedded.segmentation(of: image, workers: Self.workers) }
    }

    @Test("What learns passes over images that are not sound", arguments: spoiling)
    func passedOver(value: Float) {
        let image = spoiled(by: value)
        var learner = PaletteLearner()
        #expect(!learner.add(image, workers: Self.workers) && learner.images == 0)
        #expect(LightGrid(sound) != nil && LightGrid(image) == nil)
        #expect(FlatField(blank: image, workers: Self.workers) == nil)
    }

    @Test("Parameters and lights that are no numbers are refused", arguments: [Float.nan, .infinity, -.infinity])
    func parameters(value: Float) {
        let method: [WritableKeyPath<NormalizationParameters, Float>] = [
            \.enhancementWeight, \.completenessWeight, \.lambdaLocal, \.lambdaNonlocal, \.solverTolerance,
            \.guidedFilterEpsilon, \.whiteCellBelief, \.trendShare, \.trendTolerance, \.alikeDistance,
        ]
        for path in method {
            var parameters = NormalizationParameters()
            parameters[keyPath: path] = value
            #expect(throws: EngineError.self, "\(path)") { try parameters.validate() }
        }
        let baselines: [WritableKeyPath<BaselineParameters, Float>] = [
            \.saturatedLowPercent, \.saturatedHighPercent, \.opticalDensityThreshold, \.anglePercentile, \.sparsity,
        ]
        for path in baselines {
            var parameters = BaselineParameters()
            parameters[keyPath: path] = value
            #expect(throws: EngineError.self, "\(path)") { try parameters.validate() }
        }
        func light(value: Float = 1, background: Float = 0.5, error: Float = 0, drift: Float = 0) throws -> FlatField {
            var values = [Float](repeating: 1, count: 64 * 48 * 3)
            values[0] = value
            return try FlatField(
                width: 64, height: 48, values: values, captureWidth: 640, captureHeight: 480, captures: 1,
                background: background, error: [error, 0, 0], drift: [drift] + [Float](repeating: 0, count: 14))
        }
        #expect(throws: Never.self) { try light() }
        #expect(throws: EngineError.self) { try light(value: value) }
        #expect(throws: EngineError.self) { try light(background: value) }
        #expect(throws: EngineError.self) { try light(error: value) }
        #expect(throws: EngineError.self) { try light(drift: value) }
    }
}
