import Foundation
import NCTEngine
import SmearPhantom

/// A capture in lab B's stain and an engine prepared for three references in lab A's.
struct EngineWork {
    let capture: RGBImage
    let normalizer: Normalizer

    init(width: Int, height: Int, levels: [Int], threads: Int) throws {
        capture = SmearScene(seed: 1, width: width, height: height).render(in: .labB, noiseSeed: 1)
        var parameters = NormalizationParameters()
        parameters.levels = .joint(levels)
        normalizer = try Normalizer(
            extractor: Self.extractor(), references: Self.references(width: 360, height: 360), parameters: parameters,
            workers: Workers(threads: threads))
    }

    static func references(width: Int, height: Int) -> [RGBImage] {
        (10..<13).map { seed in
            SmearScene(seed: seed, width: width, height: height).render(in: .labA, noiseSeed: seed)
        }
    }

    /// VGG-19 where `$NCTD_MODELS` has its weights, the built-in network elsewhere; standard error says which.
    static func extractor() throws -> any FeatureExtractor {
        let folder = ProcessInfo.processInfo.environment["NCTD_MODELS"] ?? "/usr/share/nctd/models"
        guard let data = FileManager.default.contents(atPath: folder + "/vgg19-features.safetensors") else {
            FileHandle.standardError.write(
                Data("no VGG-19 weights in \(folder): the built-in network is measured\n".utf8))
            return SmearNet.embedded
        }
        return try VGG19(weights: [UInt8](data), upToLevel: 2)
    }
}
