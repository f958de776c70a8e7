/// The engine: references prepared once, any number of captures normalized.
///
/// Immutable after `init`, so one value serves all threads of a process.
public struct Normalizer: Sendable {
    public let parameters: NormalizationParameters
    public let workers: Workers

    /// Prepares the references (features, standardization, projection, clusters, colors): all that does not depend on
    /// a capture. Cost: one feature extraction a reference, and one k-means.
    ///
    /// - Parameters:
    ///   - references: one to three.
    ///   - cache: what ``cacheData()`` returned for the same inputs; one that does not belong to them is an error
    ///     (``EngineError/Code/invalidCache``), so that the caller can discard it and say so.
    public init(
        extractor: any FeatureExtractor, references: [RGBImage], parameters: NormalizationParameters,
        thresholds: QualityThresholds = QualityThresholds(), workers: Workers, cache: [UInt8]? = nil
    ) throws {
        self.parameters = parameters
        self.workers = workers
        throw EngineError(.invalidParameter, "not there yet", remedy: "wait")
    }

    /// The prepared references as bytes for a cache file.
    public func cacheData() -> [UInt8] { [] }

    /// What the cache depends on, as lowercase hexadecimal SHA-256: extractor, references, parameters, engine version.
    /// Cheap to compute before a cache is read.
    public static func cacheKey(
        extractor: any FeatureExtractor, references: [RGBImage], parameters: NormalizationParameters
    ) -> String { "" }

    /// Repaints a capture in the colors of the references.
    ///
    /// - Parameters:
    ///   - keepingStages: also return pictures of what happened inside (more memory).
    ///   - onStage: called on the caller's thread when a stage ends, for progress and timings.
    public func normalize(
        _ source: RGBImage, keepingStages: Bool = false, onStage: ((Stage) -> Void)? = nil
    ) throws -> Normalization {
        throw EngineError(.invalidParameter, "not there yet", remedy: "wait")
    }
}
