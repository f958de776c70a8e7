/// A method with its references prepared: any number of captures go in, results with a verdict come out.
public protocol ImageNormalizer: Sendable {
    /// What its prepared references hold in memory, in bytes.
    var preparedByteCount: Int { get }

    /// Repaints a capture in the colors of the references, and judges the result.
    ///
    /// - Parameters:
    ///   - source: the capture.
    ///   - keepingStages: also return pictures of what happened inside, where the method has such.
    ///   - onStage: called on the caller's thread when a stage ends.
    ///
    /// Throws ``EngineError`` if the capture cannot be worked on.
    func normalize(
        _ source: RGBImage, keepingStages: Bool, onStage: ((Stage) -> Void)?
    ) throws -> Normalization

    /// The same normalizer for captures of a lab with this palette; its references are not prepared again. A method that
    /// goes by no palettes stays as it is.
    func with(captures palette: LabPalette) -> Self
}

extension ImageNormalizer {
    /// The same, without pictures of what happened inside.
    public func normalize(_ source: RGBImage) throws -> Normalization {
        try normalize(source, keepingStages: false, onStage: nil)
    }
}

extension Normalizer: ImageNormalizer {
    /// What the prepared references hold in memory, in bytes.
    public var preparedByteCount: Int { cacheData().count }
}
