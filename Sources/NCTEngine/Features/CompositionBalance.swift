/// How much each pixel counts when features are standardized, so that the mean and the deviation of a field do not
/// depend on how many cells of which kind happen to lie in it.
///
/// Plain standardization compares unlike with unlike: a field that a white cell fills has another mean than one
/// that shows twenty red cells, and the same tissue gets other values in both. Here background and red cells each
/// count half, whatever their shares, and nuclei do not count (``RoughSegmentation``).
package enum CompositionBalance {
    /// Weights a pixel, `height × width`, of mean about 1. All 1 if background or cells cover less than 2%.
    package static func weights(of image: RGBImage, workers: Workers) -> Plane {
        let segmentation = RoughSegmentation(image, workers: workers)
        let counts = segmentation.counts
        guard counts[0] * 50 > image.pixelCount, counts[1] * 50 > image.pixelCount else {
            return Plane(width: image.width, height: image.height, repeating: 1)
        }
        let half = Float(image.pixelCount) / 2
        let weights = [half / Float(counts[0]), half / Float(counts[1]), 0]
        return Plane(
            width: image.width, height: image.height, values: segmentation.labels.labels.map { weights[Int($0)] })
    }
}
