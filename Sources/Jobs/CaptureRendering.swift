import Config
import Foundation
import ImageFiles
import NCTEngine

/// What becomes of a decoded capture, in memory: the image's bytes and its sidecar, for whoever writes them.
public struct CaptureRendering: Sendable {
    public let encoded: [UInt8]
    public var sidecar: Sidecar
    public let normalization: Normalization
    /// What the method saw.
    public let corrected: LightCorrection.Corrected
    /// Where the image goes.
    public let target: String

    /// Normalizes, judges and encodes.
    ///
    /// - Parameters:
    ///   - source: what the sidecar says of the capture.
    ///   - stopwatch: has the times of what was done before.
    ///   - target: the image's path for what the profile makes of the verdict.
    ///
    /// Throws `EngineError` and `ImageFileError`.
    public init(
        _ file: ImageFile, of source: Sidecar.Source, on engine: PreparedEngine, format: ImageFormat,
        keepingStages: Bool = false, stopwatch: Stopwatch, onStage: @escaping (String) -> Void = { _ in },
        target placing: (Sidecar.Delivery) -> String
    ) throws {
        var stopwatch = stopwatch
        let corrected = try engine.light.corrected(file.image, workers: engine.workers)
        if corrected.field != nil {
            stopwatch.lap("light")
            onStage("light")
        }
        var result = try engine.normalizer.normalize(corrected.image, keepingStages: keepingStages) { stage in
            stopwatch.lap(stage.rawValue)
            onStage(stage.rawValue)
        }
        stopwatch.skip()

        let bitDepth = format.holds16Bits && file.metadata.bitDepth > 8 ? 16 : 8
        let encoded = try ImageWriter.encode(
            ImageFile(image: result.image, metadata: file.metadata),
            options: ImageWriteOptions(format: format, bitDepth: bitDepth))
        stopwatch.lap("encoding")
        onStage("encoding")

        if let ratio = engine.scaleRatio(to: file.metadata) {
            result.quality.note(scaleRatio: ratio, engine.profile.thresholds.rules)
        }
        let quality = result.quality
        let isGood = quality.verdict == .good
        let delivery: Sidecar.Delivery =
            isGood || engine.profile.belowThreshold == .deliver
            ? .delivered : engine.profile.belowThreshold == .hold ? .held : .flagged
        let target = placing(delivery)
        let sidecar = Sidecar(
            createdAt: Timestamp.text(Date()), host: Host.name,
            engineVersion: EngineVersion.current, method: engine.profile.method.rawValue,
            source: source,
            profile: engine.origin, references: engine.references,
            referenceChoice: Sidecar.ReferenceChoice(
                result, profile: engine.profile),
            parameters: Sidecar.MethodParameters(engine.profile), seed: engine.profile.parameters.seed,
            palettes: engine.palettes, features: engine.features, flatField: corrected.record,
            transfer: result.transfer,
            quality: Sidecar.Quality(quality),
            verdict: Sidecar.Verdict(quality, engine.profile.thresholds.rules, delivery: delivery),
            timingsMs: stopwatch.milliseconds,
            output: Sidecar.Output(
                path: PreparedEngine.absolute(target), bytes: encoded.count, sha256: FileDigest.sha256(encoded),
                format: format.rawValue, bitDepth: bitDepth),
            warnings: file.metadata.warnings)
        (self.encoded, self.sidecar, self.normalization, self.target) = (encoded, sidecar, result, target)
        self.corrected = corrected
    }
}
