/// The engine: references prepared once, any number of captures normalized.
///
/// Immutable after `init`, so one value serves all threads of a process.
public struct Normalizer: Sendable {
    public let parameters: NormalizationParameters
    public let workers: Workers
    private let extractor: any FeatureExtractor
    private let prepared: PreparedReferences
    private let key: String

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
        try parameters.validate()
        guard (1...3).contains(references.count) else {
            throw EngineError(
                .invalidParameter, "\(references.count) references were given", place: "references",
                remedy: "give one to three")
        }
        self.parameters = parameters
        self.workers = workers
        self.extractor = extractor
        key = PreparedReferences.key(extractor: extractor, references: references, parameters: parameters)
        prepared =
            try cache.map { [key] in try ReferenceCache.decode($0, key: key) }
            ?? PreparedReferences(references, extractor: extractor, parameters: parameters, workers: workers)
    }

    /// The prepared references as bytes for a cache file.
    public func cacheData() -> [UInt8] { ReferenceCache.encode(prepared, key: key) }

    /// What the cache depends on, as lowercase hexadecimal SHA-256: extractor, references, parameters, engine version.
    /// Cheap to compute before a cache is read.
    public static func cacheKey(
        extractor: any FeatureExtractor, references: [RGBImage], parameters: NormalizationParameters
    ) -> String {
        PreparedReferences.key(extractor: extractor, references: references, parameters: parameters)
    }

    public func normalizeG(_ source: RGBImage, onStage: ((Stage) -> Void)? = nil) throws -> (RGBImage, Float) {
        let group = prepared.groups[0]
        let run = try LevelRun(
            capture: source, appearance: source, plan: group.plans[0], extractor: extractor, parameters: parameters,
            initial: nil, workers: workers, onStage: { onStage?($0) })
        let c = run.vote.confidence.values.reduce(0, +) / Float(run.vote.confidence.values.count)
        return (run.vote.guidance.rgbImage(workers: workers).image, c)
    }
}
