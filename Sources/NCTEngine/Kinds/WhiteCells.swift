/// A white cell of a capture.
public struct WhiteCell: Sendable, Equatable {
    /// The smallest rectangle that holds it, in the capture's pixels.
    public var bounds: PixelArea
    /// Area of its nucleus, all lobes, in areas of the field's ordinary red cell.
    public var nucleusArea: Float
    /// Area of all of it, likewise.
    public var area: Float
    /// How likely it is of each kind.
    public var kinds: KindProbabilities
}

/// The white cells of a capture, and which pixel belongs to which.
public struct WhiteCells: Sendable {
    /// From top to bottom.
    public private(set) var cells: [WhiteCell]
    /// On the grid that the segmentation has: `regions.owners` is the cell of each pixel.
    package let regions: WhiteCellRegions
    /// What the capture is reduced by to that grid.
    package let reduction: Int

    /// Cost linear in the pixels, and some milliseconds a cell.
    ///
    /// - Parameters:
    ///   - segmentation: the capture's.
    ///   - colors: on the segmentation's grid, of the capture or of what has become of it; nil for the colors that were
    ///     segmented.
    /// - Precondition: `colors` has the size of the segmentation's grid.
    public init(
        of segmentation: SmearSegmentation, colors: LabImage? = nil, by network: KindNet = .embedded, workers: Workers
    ) {
        let regions = segmentation.whiteCellRegions
        let colors = colors ?? segmentation.colors
        precondition(colors.pixelCount == regions.owners.count, "colors on the segmentation's grid")
        let classes = ClassColors(colors, segmentation.labels, mask: segmentation.mask)
        let kinds = workers.map(regions.regions.count, grain: 1) {
            network.kinds(of: $0.lowerBound, in: regions, colors: colors, classes: classes)
        }
        let scale = segmentation.reduction
        cells = zip(regions.regions, kinds).map { region, kinds in
            let area = region.bounds
            return WhiteCell(
                bounds: PixelArea(
                    x: area.x * scale, y: area.y * scale, width: area.width * scale, height: area.height * scale),
                nucleusArea: Float(region.nucleusArea) / regions.unit, area: Float(region.area) / regions.unit,
                kinds: kinds)
        }
        self.regions = regions
        reduction = scale
    }

    /// The same cells where the capture is a part of a larger picture, from a pixel of that on: their bounds are in its
    /// pixels.
    public func moved(x: Int, y: Int) -> WhiteCells {
        var moved = self
        for index in cells.indices {
            moved.cells[index].bounds.x += x
            moved.cells[index].bounds.y += y
        }
        return moved
    }
}
