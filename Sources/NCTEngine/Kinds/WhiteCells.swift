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
    /// Of the first cells, as many as were asked for.
    package let windows: [KindWindow]
    /// What each pixel of that grid belongs to.
    package let parts: SmearParts
    /// The capture's colors by these parts, and the kinds that they are matched by.
    package let colors: FieldColors
    /// What the cells' colors are relative to.
    let ground: KindNet.Ground
    /// What the capture is reduced by to that grid.
    package let reduction: Int

    /// Cost linear in the pixels, and some milliseconds a cell.
    ///
    /// - Parameters:
    ///   - segmentation: the capture's.
    ///   - lab: the palette of the lab that the capture comes from, if it is known: kinds are told as if the cells had
    ///     the colors of the lab that the network was trained on.
    ///   - workers: the threads that work on it.
    public init(of segmentation: SmearSegmentation, lab: LabPalette? = nil, workers: Workers) {
        self.init(of: segmentation, lab: lab, windows: 0, workers: workers)
    }

    /// - Parameter windows: of how many cells, at most, the windows are kept.
    package init(of segmentation: SmearSegmentation, lab: LabPalette? = nil, windows: Int, workers: Workers) {
        let regions = segmentation.whiteCellRegions
        let classes = ClassColors(segmentation.colors, segmentation.labels, mask: segmentation.mask)
        let ground = KindNet.Ground(classes)
        let shift = lab.map(KindShift.init(from:)) ?? .none
        let seen = workers.map(regions.regions.count, grain: 1) { range in
            let window = KindWindow(range.lowerBound, of: regions, colors: segmentation.colors, ground: ground)
            return (
                kinds: KindNet.embedded.kinds(of: window, shift: shift),
                window: range.lowerBound < windows ? window : nil
            )
        }
        let scale = segmentation.reduction
        self.windows = seen.prefix(windows).compactMap(\.window)
        cells = zip(regions.regions, seen.map(\.kinds)).map { region, kinds in
            let area = region.bounds
            return WhiteCell(
                bounds: PixelArea(
                    x: area.x * scale, y: area.y * scale, width: area.width * scale, height: area.height * scale),
                nucleusArea: Float(region.nucleusArea) / regions.unit, area: Float(region.area) / regions.unit,
                kinds: kinds)
        }
        self.regions = regions
        self.ground = ground
        parts = SmearParts(segmentation.labels, regions, colors: segmentation.colors, classes)
        colors = FieldColors(
            segmentation.colors, parts, mask: segmentation.mask, kinds: cells.map { $0.kinds.believed() },
            windows: self.windows)
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
