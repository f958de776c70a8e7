/// How much each pixel counts when features are standardized, so that the mean and the deviation of a field do not
/// depend on how many cells of which kind happen to lie in it.
///
/// Plain standardization compares unlike with unlike: a field that a white cell fills has another mean than one
/// that shows twenty red cells, and the same tissue gets other values in both. Here background and red cells each
/// count half, whatever their shares, and nuclei do not count (``RoughSegmentation``).
package struct CompositionBalance: Sendable {
    private let criteria: RoughSegmentation.Criteria?
    /// By class; nil where all pixels count the same, since background or cells cover less than 2%.
    private let weights: [Float]?

    /// Measures an image, or some of its pixels.
    package init(of image: RGBImage, workers: Workers) {
        let criteria = RoughSegmentation.criteria(of: image, workers: workers)
        self.init(criteria, counts: RoughSegmentation(image, by: criteria, workers: workers).counts)
    }

    private init(_ criteria: RoughSegmentation.Criteria?, counts: [Int]) {
        self.criteria = criteria
        let pixels = counts.reduce(0, +)
        let half = Float(pixels) / 2
        weights =
            counts[0] * 50 > pixels && counts[1] * 50 > pixels
            ? [half / Float(counts[0]), half / Float(counts[1]), 0] : nil
    }

    /// The weights of the pixels of a part of the image that was measured.
    package func weights(of part: RGBImage, workers: Workers) -> Plane {
        weights(RoughSegmentation(part, by: criteria, workers: workers))
    }

    /// Weights a pixel, `height × width`, of mean about 1. All 1 if background or cells cover less than 2%. 0 where there
    /// is no data.
    package static func weights(of image: RGBImage, mask: DataMask? = nil, workers: Workers) -> Plane {
        let criteria = RoughSegmentation.criteria(of: mask.data(of: image), workers: workers)
        let segmentation = RoughSegmentation(image, mask: mask, by: criteria, workers: workers)
        return CompositionBalance(criteria, counts: segmentation.counts).weights(segmentation).masked(by: mask)
    }

    private func weights(_ segmentation: RoughSegmentation) -> Plane {
        let labels = segmentation.labels
        guard let weights else { return Plane(width: labels.width, height: labels.height, repeating: 1) }
        return Plane(width: labels.width, height: labels.height, values: labels.bytes.map { weights[Int($0)] })
    }
}
