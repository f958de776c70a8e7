/// What an image shows of classes, white cells and their colors, on the grid that the network looked at.
package struct AlignmentSight: Sendable {
    let parts: SmearParts
    package let colors: FieldColors
    /// What the image was reduced by.
    let scale: Int
    /// The reduced image's, 0…1.
    let luminance: Plane

    /// How much of what ``KindNet`` says of a cell is believed; the rest is how often kinds are seen.
    private static let belief: Float = 0.85
    /// Shares of the kinds in ordinary blood, in the order of ``WhiteCellKind``.
    private static let ordinary: [Float] = [0.55, 0.05, 0.28, 0.06, 0.03, 0.01, 0.02]

    /// - Parameter segmentation: of the image.
    package init(_ image: RGBImage, _ segmentation: SmearSegmentation, workers: Workers) {
        scale = SmearNet.reduction(width: image.width, height: image.height)
        let cells = WhiteCells(of: segmentation, workers: workers)
        parts = SmearParts(segmentation.labels, cells.regions)
        colors = FieldColors(
            segmentation.colors, parts, mask: segmentation.mask,
            kinds: cells.cells.map { cell in
                zip(WhiteCellKind.allCases, Self.ordinary).map { kind, share in
                    Self.belief * cell.kinds[kind] + (1 - Self.belief) * share
                }
            })
        luminance = Reduction.box(image, by: scale, workers: workers).luminance(workers: workers)
    }

    /// Nil for an image that is too small for the network or that it takes for no smear.
    init?(_ field: FieldImage, workers: Workers) {
        guard let segmentation = try? SmearNet.embedded.segmentation(of: field, workers: workers),
            segmentation.smearProbability >= SmearContents.leastProbability
        else { return nil }
        self.init(field.image, segmentation, workers: workers)
    }
}
