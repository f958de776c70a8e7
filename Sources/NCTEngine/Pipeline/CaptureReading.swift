/// What is read of a capture or a reference once, however many plans and tiles ask for it.
///
/// ``SmearNet`` may be asked for features and for classes; it looks at the image once for both.
package struct CaptureReading: Sendable {
    package let image: RGBImage
    /// Which of it is data.
    package let mask: DataMask?
    /// Nil for an image that is too small for the network.
    package let segmentation: SmearSegmentation?
    private let extractor: any FeatureExtractor
    /// Where the features are those of the network that found the classes.
    private let smear: SmearReading?

    package init(_ image: RGBImage, extractor: any FeatureExtractor, workers: Workers) {
        self.init(FieldImage(image), extractor: extractor, workers: workers)
    }

    /// - Parameter classes: what is made of the classes that the network finds.
    package init(
        _ field: FieldImage, extractor: any FeatureExtractor, workers: Workers,
        classes: (SmearSegmentation) -> SmearSegmentation = { $0 }
    ) {
        (image, mask) = (field.image, field.mask)
        self.extractor = extractor
        let network = SmearNet.embedded
        guard network.canSegment(image) else {
            (segmentation, smear) = (nil, nil)
            return
        }
        let reading = SmearReading(of: field, finest: 1, by: network, workers: workers)
        segmentation = classes(reading.segmentation(by: network, workers: workers))
        smear = extractor is SmearNet && extractor.digest == network.digest ? reading : nil
    }

    /// Throws ``EngineError/Code/imageTooSmall`` if the enhancement needs classes and the image is too small for them.
    package func requireClasses(for enhancement: NormalizationParameters.Enhancement) throws {
        if enhancement == .segmentation { try SmearNet.embedded.requireSegmentable(image) }
    }

    /// A reading of another image of the same capture, whose classes are known.
    package init(appearance image: RGBImage, of capture: CaptureReading) {
        self.image = image
        mask = capture.mask
        extractor = capture.extractor
        segmentation = capture.segmentation
        smear = nil
    }

    /// The whole image's features.
    package func features(atLevels levels: [Int], workers: Workers) throws -> [Int: FeatureMap] {
        let levels = Set(levels)
        guard let reading = try smearReading(levels, workers: workers) else {
            return try extractor.features(of: image, levels: levels, workers: workers)
        }
        return try reading.features(of: PixelArea(of: image), workers: workers)
    }

    /// The features in parts.
    package func parts(atLevels levels: [Int], workers: Workers) throws -> any FeatureReading {
        let levels = Set(levels)
        guard let reading = try smearReading(levels, workers: workers) else {
            return try extractor.reading(of: image, levels: levels, workers: workers)
        }
        return reading
    }

    /// The built-in network's, which takes means over all of an image and must know which of it is data; nil if it is
    /// another's features that are asked for, or there is no more to say than the image.
    private func smearReading(_ levels: Set<Int>, workers: Workers) throws -> SmearReading? {
        guard smear != nil || mask != nil, let network = extractor as? SmearNet else { return nil }
        try network.requirePatch(width: image.width, height: image.height, levels: levels)
        let reading =
            smear
            ?? SmearReading(
                of: FieldImage(image, mask: mask), finest: levels.min() ?? 1, by: network, workers: workers)
        return reading.serving(levels)
    }
}
