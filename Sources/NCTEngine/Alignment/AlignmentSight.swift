/// What an image shows of classes, white cells and their colors, on the grid that the network looked at.
package struct AlignmentSight: Sendable {
    let parts: SmearParts
    package let colors: FieldColors
    /// What the image was reduced by.
    let scale: Int
    /// The reduced image's, 0…1.
    let luminance: Plane

    /// - Parameters:
    ///   - segmentation: of the image.
    ///   - cells: of the segmentation.
    package init(_ image: RGBImage, _ segmentation: SmearSegmentation, _ cells: WhiteCells, workers: Workers) {
        scale = SmearNet.reduction(width: image.width, height: image.height)
        parts = cells.parts
        colors = cells.colors
        luminance = Reduction.box(image, by: scale, workers: workers).luminance(workers: workers)
    }

    /// Nil for an image that is too small for the network, that it takes for no smear, or that has no color.
    ///
    /// - Parameter windows: of how many cells, at most, the windows are kept.
    init?(_ field: FieldImage, windows: Int, workers: Workers) {
        guard let segmentation = try? SmearNet.embedded.segmentation(of: field, workers: workers),
            segmentation.smearProbability >= SmearSegmentation.leastProbability,
            ColorSpread.value(segmentation.colors, mask: segmentation.mask) >= ColorSpread.least
        else { return nil }
        self.init(
            field.image, segmentation, WhiteCells(of: segmentation, windows: windows, workers: workers),
            workers: workers)
    }
}
