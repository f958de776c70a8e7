/// The features of one image, asked for in parts: what a large frame is worked on by.
///
/// Whatever an extractor must see of the whole image is seen once, when the reading is made.
public protocol FeatureReading: Sendable {
    /// The features of an area at the levels that the reading was made for, each `width >> (L - 1)` by
    /// `height >> (L - 1)`.
    ///
    /// - Precondition: the area starts at multiples of `1 << (L - 1)` for the coarsest level L.
    func features(of area: PixelArea, workers: Workers) throws -> [Int: FeatureMap]
}

/// A reading by an extractor whose features look no farther than some pixels around: each area is read by itself.
struct LocalReading: FeatureReading {
    private let extractor: any FeatureExtractor
    private let image: RGBImage
    private let levels: Set<Int>

    init(of image: RGBImage, levels: Set<Int>, by extractor: any FeatureExtractor) {
        self.image = image
        self.levels = levels
        self.extractor = extractor
    }

    func features(of area: PixelArea, workers: Workers) throws -> [Int: FeatureMap] {
        try extractor.features(of: image.cropped(to: area), levels: levels, workers: workers)
    }
}
