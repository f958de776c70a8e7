import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// A profile's engine, ready to work: what turns decoded captures into results. Serves all workers at once.
public protocol CaptureProcessor: Sendable {
    var identity: EngineIdentity { get }

    /// The same engine, going by what was learned of the lab that captures come from.
    func adapted(to learned: LearnedColors) -> any CaptureProcessor

    /// Normalizes, judges and encodes; blocks its thread.
    ///
    /// - Parameters:
    ///   - stopwatch: has the times of what was done before.
    ///   - target: the image's path, as the sidecar is to say it, for what the profile makes of the verdict.
    func render(
        _ file: ImageFile, source: Sidecar.Source, format: ImageFormat, stopwatch: Stopwatch,
        target: (Sidecar.Delivery) -> String
    ) throws -> RenderedCapture
}

extension CaptureProcessor {
    public func adapted(to learned: LearnedColors) -> any CaptureProcessor { self }
}

/// A result in memory.
public struct RenderedCapture: Sendable {
    public var image: [UInt8]
    public var sidecar: Sidecar

    public init(image: [UInt8], sidecar: Sidecar) {
        self.image = image
        self.sidecar = sidecar
    }
}

/// Gives the engines.
public protocol ProcessorSource: Sendable {
    /// The engine of a profile, prepared at its first use; throws ``JobFailure`` if it cannot be.
    func processor(for profile: Profile) async throws -> any CaptureProcessor
    /// Forgets what is prepared: profiles, references or weights may be others now. What is in work keeps its engine.
    func forget() async
}

extension ProcessorSource {
    public func forget() async {}
}

extension PreparedEngine: CaptureProcessor {
    public func adapted(to learned: LearnedColors) -> any CaptureProcessor { with(learned) }

    public func render(
        _ file: ImageFile, source: Sidecar.Source, format: ImageFormat, stopwatch: Stopwatch,
        target: (Sidecar.Delivery) -> String
    ) throws -> RenderedCapture {
        let rendering = try CaptureRendering(
            file, of: source, on: self, format: format, stopwatch: stopwatch, target: target)
        return RenderedCapture(image: rendering.encoded, sidecar: rendering.sidecar)
    }
}

extension CaptureIdentity {
    /// The same, of a capture of a watched tree, which may say how its files are read.
    static func of(
        _ digest: String, _ engine: EngineIdentity, _ profile: Profile, in root: WatchedRoot, _ format: ImageFormat
    ) -> String {
        let bits = profile.sampleBits == nil ? root.settings.sampleBits.map { " sample_bits \($0)" } : nil
        return of(digest: digest, fingerprint: engine.fingerprint + (bits ?? ""), format: format)
    }
}
