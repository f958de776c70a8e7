import Foundation

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
        let nuclei = Nuclei(segmentation.labels, mask: mask)
        let total = Float(max(1, mask?.count ?? image.pixelCount))
        let foreground = segmentation.counts[1] + segmentation.counts[2]
        let moments = Self.moments(mask.data(of: lab), mask.data(of: segmentation.labels))
        (mean, background) = (moments.mean, moments.background)
        inspection = FieldInspection(
            edges: edges, foregroundShare: Float(foreground) / total,
            nucleusShare: Float(segmentation.counts[2]) / total,
            stainedShare: density.stainedShare(segmentation.labels), largestNucleus: nuclei.largest,
            spread: moments.spread, lightness: Self.medianLightness(mask.data(of: lab)))
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
        var below = 0
        return Float(
            histogram.firstIndex {
                below += $0
                return 2 * below >= lab.pixelCount
            } ?? 0)
    }

    /// The mean color, the background's, and the root mean squared distance of all colors from their mean.
    private static func moments(
        _ lab: LabImage, _ labels: LabelMap
    ) -> (mean: SIMD3<Float>, background: SIMD3<Float>, spread: Float) {
        var (sum, background, squares, lit) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero, 0.0)
        for pixel in 0..<lab.pixelCount {
            let color = SIMD3<Double>(lab[pixel])
            sum += color
            squares += color * color
            if labels.labels[pixel] == RoughSegmentation.background {
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

/// Optical density over the field's own background, a pixel.
struct OpticalDensity: Sendable {
    let values: [SIMD3<Float>]

    /// A stain absorbs green by more than this share above the mean of red and blue.
    private static let greenExcess: Float = 0.08

    init(_ image: RGBImage, _ labels: LabelMap, mask: DataMask?) {
        var (light, lit) = (SIMD3<Double>.zero, 0.0)
        for pixel in 0..<image.pixelCount
        where mask.isData(pixel) && labels.labels[pixel] == RoughSegmentation.background {
            light += SIMD3(
                Double(SampleLight.light(of: image.samples[3 * pixel])),
                Double(SampleLight.light(of: image.samples[3 * pixel + 1])),
                Double(SampleLight.light(of: image.samples[3 * pixel + 2])))
            lit += 1
        }
        let base = SIMD3<Float>(
            Float(-log10(max(light.x / max(1, lit), 1e-3))), Float(-log10(max(light.y / max(1, lit), 1e-3))),
            Float(-log10(max(light.z / max(1, lit), 1e-3))))
        values = (0..<image.pixelCount).map { pixel in
            SIMD3(
                SampleLight.density(of: image.samples[3 * pixel]),
                SampleLight.density(of: image.samples[3 * pixel + 1]),
                SampleLight.density(of: image.samples[3 * pixel + 2])) - base
        }
    }

    /// Share of the cells' pixels whose strongest density is green's, 0…1; 0 if there are none.
    func stainedShare(_ labels: LabelMap) -> Float {
        var (stained, all) = (0, 0)
        for (pixel, density) in values.enumerated() where labels.labels[pixel] != RoughSegmentation.background {
            all += 1
            if density.y > 0, density.y - (density.x + density.z) / 2 > Self.greenExcess * density.y { stained += 1 }
        }
        return all == 0 ? 0 : Float(stained) / Float(all)
    }
}

/// The spots of nucleus color, and how large they are against the field's red cells.
struct Nuclei: Sendable {
    let spots: ConnectedSpots
    /// Area of an ordinary red cell in pixels; nil if no cell stands free.
    let redCellArea: Float?
    /// Area of the largest spot in red cells, 0 if there is none. Without red cells, in hundredths of the field.
    let largest: Float

    init(_ labels: LabelMap, mask: DataMask?) {
        spots = ConnectedSpots(labels, label: RoughSegmentation.nucleus)
        redCellArea = RedCellSize.area(labels, background: RoughSegmentation.background, mask: mask) { _ in false }
        let unit = redCellArea ?? max(1, Float(mask?.count ?? labels.labels.count) / 100)
        largest = Float(spots.areas.max() ?? 0) / unit
    }

    /// Pixels that a spot needs to be a nucleus of a white cell.
    var least: Int { max(8, Int(FieldInspection.leastNucleus * (redCellArea ?? 40))) }
}
