import Foundation

/// The ``SmearClass`` of every pixel of a smear, as ``SmearNet`` sees it and `ClassColorModel` and `ObjectClasses` correct
/// it, and whether it is a smear at all.
///
/// Known on the grid that the network looked at; asked for on any grid of the image.
public struct SmearSegmentation: Sendable {
    package static let classCount = SmearClass.allCases.count
    /// Below this probability the network takes the image for something else than a smear: as likely as not.
    package static let leastProbability: Float = 0.5

    /// Probabilities, `height × width × 5`, on the network's grid.
    package let probabilities: FeatureMap
    /// The image's colors on the network's grid.
    package let colors: LabImage
    /// Which of the network's grid is data; what is not is background.
    package let mask: DataMask?
    /// Probability that the image shows a smear, 0…1.
    public let smearProbability: Float
    /// How many pixels of the image, each way, a pixel of the network's grid covers.
    package let reduction: Int
    package let imageWidth: Int
    package let imageHeight: Int

    /// - Parameters:
    ///   - scores: before the softmax.
    ///   - smearScore: before the logistic function.
    ///   - colors: of the image that the network looked at.
    ///   - mask: of the image that the network looked at.
    ///   - corrected: whether these colors and the white cells correct the classes (``ClassColorModel``,
    ///     ``ObjectClasses``).
    init(
        scores: FeatureMap, smearScore: Float, colors: LabImage, mask: DataMask?, corrected: Bool, reduction: Int,
        imageWidth: Int, imageHeight: Int, workers: Workers
    ) {
        var probabilities = scores
        ClassKernels.softmax(&probabilities, workers: workers)
        if corrected {
            probabilities = ClassColorModel(probabilities, colors: colors, mask: mask, workers: workers)
                .applied(to: probabilities, colors: colors, workers: workers)
        }
        for pixel in 0..<probabilities.pixelCount where !mask.isData(pixel) {
            for kind in SmearClass.allCases {
                probabilities.values[pixel * Self.classCount + Int(kind.rawValue)] = kind == .background ? 1 : 0
            }
        }
        (self.probabilities, labels, whiteCellRegions) = Self.settled(
            probabilities, colors: colors, mask: mask, corrected: corrected, workers: workers)
        self.colors = colors
        self.mask = mask
        smearProbability = 1 / (1 + exp(-smearScore))
        self.reduction = reduction
        self.imageWidth = imageWidth
        self.imageHeight = imageHeight
    }

    /// The same with other classes: what wrong ones lead to is tried by it.
    ///
    /// - Parameter probabilities: `height × width × 5`, on the network's grid.
    package init(_ other: SmearSegmentation, probabilities: FeatureMap, workers: Workers) {
        (self.probabilities, labels, whiteCellRegions) = Self.settled(
            probabilities, colors: other.colors, mask: other.mask, corrected: true, workers: workers)
        (colors, mask, smearProbability) = (other.colors, other.mask, other.smearProbability)
        (reduction, imageWidth, imageHeight) = (other.reduction, other.imageWidth, other.imageHeight)
    }

    /// Brings probabilities in line with the white cells (``ObjectClasses``): where a pixel is of another class than its
    /// likeliest, the two change places.
    private static func settled(
        _ probabilities: FeatureMap, colors: LabImage, mask: DataMask?, corrected: Bool, workers: Workers
    ) -> (FeatureMap, LabelMap<SmearClass>, WhiteCellRegions) {
        let labels = ClassKernels.likeliest(probabilities, workers: workers)
        let cells = WhiteCellRegions(labels, colors: colors, mask: mask)
        guard corrected else { return (probabilities, labels, cells) }
        let settled = ObjectClasses.settled(labels, cells, colors: colors, mask: mask)
        var probabilities = probabilities
        for pixel in labels.bytes.indices where settled.bytes[pixel] != labels.bytes[pixel] {
            let first = pixel * classCount
            probabilities.values.swapAt(first + Int(labels.bytes[pixel]), first + Int(settled.bytes[pixel]))
        }
        return (probabilities, settled, cells)
    }

    /// The class of every pixel on the network's own grid.
    public let labels: LabelMap<SmearClass>

    /// The field's white cells on the network's own grid.
    package let whiteCellRegions: WhiteCellRegions

    /// How many cells the field shows. Cost linear in the pixels.
    package var cellCounts: CellCounts { CellCounts(self, whiteCellRegions) }

    /// The likeliest class of every pixel on the image's grid reduced by `scale`: `width / scale × height / scale`.
    ///
    /// Probabilities are averaged where the grid is coarser than the network's, interpolated where it is finer.
    ///
    /// - Parameter area: a part of the image, from multiples of `scale` on; all of it if nil.
    package func labels(reducedBy scale: Int, in area: PixelArea? = nil, workers: Workers) -> LabelMap<SmearClass> {
        let whole = PixelArea(x: 0, y: 0, width: imageWidth, height: imageHeight)
        let area = area ?? whole
        if area == whole, (imageWidth / scale, imageHeight / scale) == (probabilities.width, probabilities.height) {
            return labels
        }
        let part = PixelArea(
            x: area.x / scale, y: area.y / scale, width: area.width / scale, height: area.height / scale)
        guard reduction % scale == 0 else {
            return ClassKernels.likeliest(
                resampled(by: Float(scale) / Float(reduction), part, workers: workers), workers: workers)
        }
        var fine = FeatureMap(width: part.width, height: part.height, channels: Self.classCount)
        Enlargement.add(
            probabilities, to: &fine, scale: reduction / scale, origin: (part.x, part.y), workers: workers)
        return ClassKernels.likeliest(fine, workers: workers)
    }

    /// The probabilities on a part of a grid whose pixels are `step` of the network's wide: the sum of those whose
    /// centers a pixel covers, or the nearest one's.
    private func resampled(by step: Float, _ part: PixelArea, workers: Workers) -> FeatureMap {
        @Sendable func covered(_ position: Int, _ size: Int) -> Range<Int> {
            let (start, end) = (Float(position) * step, Float(position + 1) * step)
            let first = min(size - 1, max(0, Int((start - 0.5).rounded(.up))))
            let last = min(size, Int((end - 0.5).rounded(.up)))
            if last > first { return first..<last }
            // No center lies within: the one in whose pixel this one's center lies.
            let nearest = min(size - 1, Int((start + end) / 2))
            return nearest..<nearest + 1
        }
        let columns = (0..<part.width).map { covered(part.x + $0, probabilities.width) }
        let values = workers.flatMap(part.height, grain: 16) { range in
            range.flatMap { y in
                let rows = covered(part.y + y, probabilities.height)
                var values = [Float](repeating: 0, count: part.width * Self.classCount)
                for x in 0..<part.width {
                    for row in rows {
                        for column in columns[x] {
                            let from = (row * probabilities.width + column) * Self.classCount
                            for kind in 0..<Self.classCount {
                                values[x * Self.classCount + kind] += probabilities.values[from + kind]
                            }
                        }
                    }
                }
                return values
            }
        }
        return FeatureMap(
            width: part.width, height: part.height, channels: Self.classCount, values: values)
    }
}
