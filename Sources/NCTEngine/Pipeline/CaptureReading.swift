/// What is read of a capture or a reference once, however many plans and tiles ask for it.
///
/// ``SmearNet`` may be asked for features and for classes; it looks at the image once for both.
package struct CaptureReading: Sendable {
    package let image: RGBImage
    /// Nil for an image that is too small for the network.
    package let segmentation: SmearSegmentation?
    private let extractor: any FeatureExtractor
    /// Where the features are those of the network that found the classes.
    private let smear: SmearReading?

    package init(_ image: RGBImage, extractor: any FeatureExtractor, workers: Workers) {
        self.image = image
        self.extractor = extractor
        let network = SmearNet.embedded
        guard network.canSegment(image) else {
            (segmentation, smear) = (nil, nil)
            return
        }
        let reading = SmearReading(of: image, finest: 1, by: network, workers: workers)
        segmentation = reading.segmentation(by: network, workers: workers)
        smear = extractor is SmearNet && extractor.digest == network.digest ? reading : nil
    }

    /// Throws ``EngineError/Code/imageTooSmall`` if the enhancement needs classes and the image is too small for them.
    package func requireClasses(for enhancement: NormalizationParameters.Enhancement) throws {
        if enhancement == .segmentation { try SmearNet.embedded.requireSegmentable(image) }
    }

    /// A reading of another image of the same capture, whose classes are known.
    package init(appearance image: RGBImage, of capture: CaptureReading) {
        self.image = image
        extractor = capture.extractor
        segmentation = capture.segmentation
        smear = nil
    }

    /// The whole image's features.
    package func features(atLevels levels: [Int], workers: Workers) throws -> [Int: FeatureMap] {
        let levels = Set(levels)
        guard let smear else { return try extractor.features(of: image, levels: levels, workers: workers) }
        try extractor.requirePatch(width: image.width, height: image.height, levels: levels)
        return try smear.serving(levels).features(of: PixelArea(of: image), workers: workers)
    }

    /// The features in parts.
    package func parts(atLevels levels: [Int], workers: Workers) throws -> any FeatureReading {
        let levels = Set(levels)
        guard let smear else { return try extractor.reading(of: image, levels: levels, workers: workers) }
        try extractor.requirePatch(width: image.width, height: image.height, levels: levels)
        return smear.serving(levels)
    }
}
