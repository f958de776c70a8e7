/// What an image shows of classes, white cells and their colors, on the grid that the network looked at.
package struct AlignmentSight: Sendable {
    let parts: SmearParts
    package let colors: FieldColors
    /// What the image was reduced by.
    let scale: Int
    /// The reduced image's.
    let luminance: Plane

    /// - Parameter segmentation: of the image.
    package init(_ image: RGBImage, _ segmentation: SmearSegmentation, workers: Workers) {
        scale = SmearNet.reduction(width: image.width, height: image.height)
        let reduced = Reduction.box(image, by: scale, workers: workers)
        let lab = LabImage(reduced, workers: workers)
        let cells = WhiteCellRegions(segmentation.labels, colors: lab)
        parts = SmearParts(segmentation.labels, cells)
        colors = FieldColors(lab, parts, kinds: Self.kinds(of: cells, in: reduced, workers: workers))
        luminance = reduced.luminance(workers: workers)
    }

    /// Nil for an image that is too small for the network or that it takes for no smear.
    init?(_ image: RGBImage, workers: Workers) {
        guard let segmentation = try? SmearNet.embedded.segmentation(of: image, workers: workers),
            segmentation.smearProbability >= SmearContents.leastProbability
        else { return nil }
        self.init(image, segmentation, workers: workers)
    }

    /// Shares of the kinds in ordinary blood, for cells of which the shape is not looked at.
    private static let ordinary: [Float] = [0.55, 0.05, 0.28, 0.06, 0.03, 0.01, 0.02]

    private static func kinds(of cells: WhiteCellRegions, in image: RGBImage, workers: Workers) -> [[Float]] {
        cells.regions.map { _ in ordinary }
    }
}
