/// How many cells a field shows, counted on its classes.
///
/// The limits were set on training images of two labs; docs/smearnet.md says how often the counts are those of the boxes.
public struct CellCounts: Sendable, Equatable, Codable {
    /// Nuclei with what lies around them; cells that touch count as one.
    public var whiteCells: Int
    /// Regions of red cell, clumps by their area.
    public var redCells: Int
    /// Regions of platelet, clumps as one.
    public var platelets: Int

    /// Nuclei from here on are white cells', in areas of an ordinary red cell…
    private static let leastNucleus: Float = 0.4
    /// …and parts of one that are less than twice this apart belong together, in its diameters.
    private static let reach: Float = 0.3
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

    /// Counts the regions of a map of ``SmearClass``. Cost linear in the pixels.
    package init(_ map: LabelMap) {
        // Without a cell that stands free, a hundredth of the field.
        let unit = Nuclei.redCellArea(map) ?? max(1, Float(map.labels.count) / 100)
        let nucleus = SmearClass.nucleus.rawValue
        let isWhite = map.labels.map { $0 == nucleus || $0 == SmearClass.cytoplasm.rawValue }
        let diameter = (unit * 4 / .pi).squareRoot()
        let cells = ConnectedSpots(
            Self.grown(isWhite, map.width, map.height, by: Int((Self.reach * diameter).rounded())), label: 1)
        var nuclei = [Int](repeating: 0, count: cells.areas.count)
        for (pixel, label) in map.labels.enumerated() where label == nucleus { nuclei[Int(cells.labels[pixel])] += 1 }
        whiteCells = nuclei.count { Float($0) >= Self.leastNucleus * unit }
        let red = ConnectedSpots(map, label: SmearClass.redCell.rawValue)
        redCells = zip(red.areas, red.touchesBorder).reduce(0) { count, region in
            let cells = Float(region.0) / unit
            guard cells >= Self.leastRedCell else { return count }
            return count + max(1, Int((cells + (region.1 ? Self.cutOff : 0)).rounded()))
        }
        platelets = ConnectedSpots(map, label: SmearClass.platelet.rawValue).areas.count {
            Float($0) >= Self.leastPlatelet * unit
        }
    }

    /// 1 wherever the mask is set at most `reach` pixels away in both directions.
    private static func grown(_ mask: [Bool], _ width: Int, _ height: Int, by reach: Int) -> LabelMap {
        /// Along `count` lines of `length` pixels that are `step` apart.
        func spread(_ mask: [Bool], count: Int, length: Int, start: (Int) -> Int, step: Int) -> [Bool] {
            var result = mask
            for line in 0..<count {
                let origin = start(line)
                var last = -reach - 1
                // Forward what lies behind, then backward what lies ahead.
                for position in 0..<length {
                    if mask[origin + position * step] { last = position }
                    if position - last <= reach { result[origin + position * step] = true }
                }
                last = length + reach
                for position in (0..<length).reversed() {
                    if mask[origin + position * step] { last = position }
                    if last - position <= reach { result[origin + position * step] = true }
                }
            }
            return result
        }
        let rows = spread(mask, count: height, length: width, start: { $0 * width }, step: 1)
        let both = spread(rows, count: width, length: height, start: { $0 }, step: width)
        return LabelMap(width: width, height: height, labels: both.map { $0 ? 1 : 0 })
    }
}
