/// How many cells a field shows, counted on its classes.
///
/// The limits were set on training images of two labs; docs/smearnet.md says how often the counts are those of the boxes.
public struct CellCounts: Sendable, Equatable, Codable {
    /// Nuclei with what lies around them (`WhiteCellRegions`); cells that touch count as one.
    public var whiteCells: Int
    /// Regions of red cell, clumps by their area.
    public var redCells: Int
    /// Regions of platelet, clumps as one.
    public var platelets: Int

    /// Smaller regions are borders of something.
    private static let leastRedCell: Float = 0.05
    private static let leastPlatelet: Float = 0.04
    /// What the border cuts off of the cells of a region that touches it, in cells.
    private static let cutOff: Float = 0.35

    /// Counts that are known.
    package init(whiteCells: Int, redCells: Int, platelets: Int) {
        self.whiteCells = whiteCells
        self.redCells = redCells
        self.platelets = platelets
    }

    /// Counts the regions of a map. Cost linear in the pixels.
    package init(_ map: LabelMap<SmearClass>) { self.init(map, WhiteCellRegions(map), mask: nil) }

    /// Counts what a network saw, whose white cells are known.
    package init(_ segmentation: SmearSegmentation, _ whiteCells: WhiteCellRegions) {
        self.init(segmentation.labels, whiteCells, mask: segmentation.mask)
    }

    private init(_ map: LabelMap<SmearClass>, _ whiteCells: WhiteCellRegions, mask: DataMask?) {
        self.whiteCells = whiteCells.regions.count
        // What lies in a white cell is part of it.
        var map = map
        for (pixel, owner) in whiteCells.owners.enumerated() where owner >= 0 {
            map[pixel] = .nucleus
        }
        let unit = whiteCells.unit
        let red = ConnectedSpots(map.mask(of: .redCell), within: mask)
        redCells = zip(red.areas, red.touchesBorder).reduce(0) { count, region in
            let cells = Float(region.0) / unit
            guard cells >= Self.leastRedCell else { return count }
            return count + max(1, Int((cells + (region.1 ? Self.cutOff : 0)).rounded()))
        }
        platelets = ConnectedSpots(map.mask(of: .platelet)).areas.count {
            Float($0) >= Self.leastPlatelet * unit
        }
    }
}
