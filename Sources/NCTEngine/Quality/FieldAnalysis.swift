/// One pass over an image for all that quality and the choice of a reference want to know of it.
///
/// Classes and colors are taken from the image reduced to about 240 pixels on its shorter side, edges from about 480:
/// a cell is still many pixels wide, and the whole costs a few percent of a normalization. An image that is smaller
/// is taken as it is.
package struct FieldAnalysis: Sendable {
    /// What the image was reduced by.
    package let scale: Int
    package let lab: LabImage
    /// Which of the reduced image is data; nothing else counts.
    package let mask: DataMask?
    package let segmentation: RoughSegmentation
    package let inspection: FieldInspection
    package let contents: FieldContents
    /// Mean CIELAB of all pixels, and of the background's.
    package let mean: SIMD3<Float>
    package let background: SIMD3<Float>

    private static let side = 240
    private static let edgeSide = 480

    package init(_ source: RGBImage, workers: Workers) { self.init(FieldImage(source), workers: workers) }

    package init(_ field: FieldImage, workers: Workers) {
        let source = field.image
        let shorter = min(source.width, source.height)
        scale = max(1, shorter / Self.side)
        let image = Reduction.box(source, by: scale, workers: workers)
        mask = field.mask.reduced(by: scale)
        let edgeScale = max(1, shorter / Self.edgeSide)
        let edges = EdgeStatistics(
            Reduction.box(source, by: edgeScale, workers: workers).luminance(workers: workers),
            mask: field.mask.reduced(by: edgeScale), workers: workers)
        segmentation = RoughSegmentation(image, mask: mask, workers: workers)
        lab = LabImage(image, workers: workers)
        let density = OpticalDensity(image, segmentation.labels, mask: mask)
        let nuclei = RoughNuclei(segmentation.labels, mask: mask)
        let total = Float(max(1, mask?.count ?? image.pixelCount))
        let foreground = segmentation.counts[1] + segmentation.counts[2]
        let moments = Self.moments(mask.data(of: lab), mask.data(of: segmentation.labels))
        (mean, background) = (moments.mean, moments.background)
        inspection = FieldInspection(
            edges: edges, foregroundShare: Float(foreground) / total,
            nucleusShare: Float(segmentation.counts[2]) / total,
            stainedShare: density.stainedShare(segmentation.labels), largestNucleus: nuclei.largest,
            spread: moments.spread, lightness: Self.medianLightness(mask.data(of: lab)),
            colorSpread: ColorSpread.value(lab, mask: mask))
        contents = FieldContents(
            density: density, labels: segmentation.labels, nuclei: nuclei,
            foregroundShare: inspection.foregroundShare)
    }

    package func palette(workers: Workers) -> ColorPalette {
        palette(of: lab, workers: workers)
    }

    /// The same of other colors of the same pixels.
    func palette(of lab: LabImage, workers: Workers) -> ColorPalette {
        ColorPalette(mask.data(of: lab), classes: mask.data(of: segmentation.labels), workers: workers)
    }

    /// To a hundredth of the range.
    private static func medianLightness(_ lab: LabImage) -> Float {
        var histogram = [Int](repeating: 0, count: 101)
        for pixel in 0..<lab.pixelCount { histogram[Int(max(0, min(100, lab[pixel].x)))] += 1 }
        return Float(histogram.medianBin)
    }

    /// The mean color, the background's, and the root mean squared distance of all colors from their mean.
    private static func moments(
        _ lab: LabImage, _ labels: LabelMap<RoughClass>
    ) -> (mean: SIMD3<Float>, background: SIMD3<Float>, spread: Float) {
        var (sum, background, squares, lit) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero, 0.0)
        for pixel in 0..<lab.pixelCount {
            let color = SIMD3<Double>(lab[pixel])
            sum += color
            squares += color * color
            if labels[pixel] == .background {
                background += color
                lit += 1
            }
        }
        let count = Double(max(1, lab.pixelCount))
        let mean = sum / count
        let variance = max(0, (squares / count - mean * mean).sum())
        return (SIMD3<Float>(mean), SIMD3<Float>(lit > 0 ? background / lit : mean), Float(variance.squareRoot()))
    }
}
