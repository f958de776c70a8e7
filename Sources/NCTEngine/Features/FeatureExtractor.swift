/// Computes what step 1 of the method needs: a feature vector a pixel, at up to five resolutions.
///
/// The seam for other networks: VGG-19 (``VGG19``), a network of our own (``SmearNet``), or one's own. Level L has
/// the same meaning for all of them: `ceil`-free halving, that is `width >> (L - 1)` by `height >> (L - 1)`.
public protocol FeatureExtractor: Sendable {
    /// A short name for the sidecar, such as `vgg19`.
    var identifier: String { get }
    /// SHA-256 of the weights, lowercase hexadecimal; of the definition, for an extractor without weights.
    var digest: String { get }

    /// Channels of a level's features.
    func channels(atLevel level: Int) -> Int

    /// The features of an image at the given levels (1…5, in any order); only the layers they need are computed.
    ///
    /// Throws ``EngineError/Code/imageTooSmall`` if a level would have less than one 3×3 patch. The extractors of this
    /// module throw ``EngineError/Code/invalidSamples``, too.
    func features(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> [Int: FeatureMap]

    /// How far from the border of a part of an image the features that its ``reading(of:levels:workers:)`` gives may
    /// differ from those of the whole image, in pixels of the image.
    func reach(atLevel level: Int) -> Int

    /// A reading of an image, which gives its features in parts. An extractor that looks no farther than its reach needs
    /// none of its own.
    ///
    /// Throws like ``features(of:levels:workers:)``.
    func reading(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> any FeatureReading
}

extension FeatureExtractor {
    public func reading(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> any FeatureReading {
        try requirePatch(width: image.width, height: image.height, levels: levels)
        return LocalReading(of: image, levels: levels, by: self)
    }

    /// Throws if an image of this size has less than one 3×3 patch at the coarsest of these levels.
    package func requirePatch(width: Int, height: Int, levels: Set<Int>) throws {
        let coarsest = levels.max() ?? 1
        guard width >> (coarsest - 1) >= 3, height >> (coarsest - 1) >= 3 else {
            let least = 3 << (coarsest - 1)
            throw EngineError(
                .imageTooSmall, "an image of \(width)×\(height) pixels has no 3×3 patch at level \(coarsest)",
                remedy: "use images of at least \(least)×\(least) pixels" + (coarsest > 1 ? ", or a finer level" : ""))
        }
    }
}
