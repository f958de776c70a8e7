/// The white cells of a field as sets of pixels: nuclei, those that belong together as one, with the cytoplasm around.
///
/// One rule for all that counts, boxes or looks at white cells. Sizes are in areas and diameters of the field's own red
/// cells (``RedCellSize``). The limits were set on training images of two labs; docs/smearnet.md says how often the
/// cells are those of the boxes.
package struct WhiteCellRegions: Sendable {
    /// One white cell on the map's grid.
    package struct Region: Sendable, Equatable {
        /// The smallest rectangle that holds it.
        package var bounds: PixelArea
        /// Pixels.
        package var nucleusArea: Int
        /// Pixels, the nucleus among them.
        package var area: Int
        /// Mean position of its pixels' centers: column, row.
        package var center: SIMD2<Float>
    }

    /// From top to bottom, by the first pixel that the cell or what is nearest around it has.
    package let regions: [Region]
    /// Index of the cell a pixel, −1 outside.
    package let owners: [Int32]
    /// Whether a pixel is a cell's nucleus.
    package let isNucleus: [Bool]
    /// Area of an ordinary red cell in pixels; without a cell that stands free, a hundredth of the field.
    package let unit: Float
    /// Whether a cell stands free, red or white, by which ``unit`` is known.
    package let isUnitKnown: Bool

    /// Nuclei less than twice this apart belong together, in diameters of a red cell.
    private static let reach: Float = 0.2
    /// Smaller spots of nucleus are something else.
    private static let leastSpot: Float = 0.05
    /// Cytoplasm reaches so far from a nucleus, in diameters.
    private static let cytoplasmReach: Float = 0.6
    /// A nucleus is at least this share as far from the background's color as the field's darkest nuclei…
    private static let leastContrast: Float = 0.6
    /// …which are so many of the farthest pixels, in areas of a red cell.
    private static let darkest: Float = 0.2
    /// Cytoplasm is at least this far from the background's color, ΔE*ab.
    private static let leastCytoplasm: Float = 6

    /// Cost linear in the pixels.
    ///
    /// - Parameters:
    ///   - map: what each pixel is.
    ///   - colors: the field's on the same grid, where known: what is taken for a nucleus and is much paler than the
    ///     others is none.
    ///   - mask: what of it is data; the rest is background that counts for nothing.
    /// - Precondition: all have one size.
    package init(_ map: LabelMap<SmearClass>, colors: LabImage? = nil, mask: DataMask? = nil) {
        let (width, height) = (map.width, map.height)
        let classes = colors.map { ClassColors($0, map, mask: mask) }
        let ground = classes?.median(of: .background)
        let map = Self.withoutGround(map, colors: colors, ground: ground)
        let redCell = RedCellSize.area(map, mask: mask)
        isUnitKnown = redCell != nil
        unit = redCell ?? max(1, Float(mask?.count ?? map.pixelCount) / 100)
        let (unit, diameter) = (unit, (unit * 4 / .pi).squareRoot())
        func pixels(_ diameters: Float) -> Int { Int((diameters * diameter).rounded()) }
        let nuclei = Self.nuclei(
            map, colors: colors, ground: ground, red: classes?.median(of: .redCell), unit: unit)
        let near = nuclei.grown(by: pixels(Self.cytoplasmReach))
        let stained = PixelMask(
            width: width, height: height,
            isSet: map.bytes.indices.map { nuclei.isSet[$0] || (map[$0] == .cytoplasm && near.isSet[$0]) })
        let white = stained.keeping(counted: nuclei) { _, nucleus in nucleus > 0 }
        let groups = ConnectedSpots(white.grown(by: pixels(Self.reach)))
        var nucleusAreas = [Int](repeating: 0, count: groups.areas.count)
        for (pixel, group) in groups.labels.enumerated() where nuclei.isSet[pixel] && group >= 0 {
            nucleusAreas[Int(group)] += 1
        }
        var next: Int32 = 0
        let numbers = nucleusAreas.map { area -> Int32 in
            guard Float(area) >= WhiteCellSize.leastNucleus * unit else { return -1 }
            next += 1
            return next - 1
        }
        let (cells, count) = ScatteredCells.settled(
            RegionMap(
                width: width, height: height,
                owners: white.isSet.indices.map { white.isSet[$0] ? numbers[Int(groups.labels[$0])] : -1 }),
            count: Int(next), nuclei: nuclei, leastNucleus: WhiteCellSize.leastNucleus * unit,
            diameter: diameter, reach: pixels(Self.cytoplasmReach))
        let owners = cells.owners
        isNucleus = owners.indices.map { owners[$0] >= 0 && nuclei.isSet[$0] }
        regions = Self.measured(cells, isNucleus, count: count)
        self.owners = owners
    }

    /// With background where what is taken for cytoplasm has the background's color: stained plasma, or light that is a
    /// little uneven. It belongs to no cell, and closes no gap between cells, which tell by their width what an ordinary one
    /// is.
    private static func withoutGround(
        _ map: LabelMap<SmearClass>, colors: LabImage?, ground: SIMD3<Float>?
    ) -> LabelMap<SmearClass> {
        guard let colors, let ground else { return map }
        var map = map
        for pixel in map.bytes.indices where map[pixel] == .cytoplasm {
            let difference = colors[pixel] - ground
            if (difference * difference).sum() < leastCytoplasm * leastCytoplasm {
                map[pixel] = .background
            }
        }
        return map
    }

    /// What is taken for a nucleus and may be one.
    private static func nuclei(
        _ map: LabelMap<SmearClass>, colors: LabImage?, ground: SIMD3<Float>?, red: SIMD3<Float>?, unit: Float
    ) -> PixelMask {
        let platelets = ConnectedSpots(map.mask(of: .platelet))
        let large = platelets.mask { Float(platelets.areas[$0]) >= WhiteCellSize.leastNucleus * unit }
        var mask = PixelMask(
            width: map.width, height: map.height,
            isSet: large.isSet.indices.map { map[$0] == .nucleus || large.isSet[$0] })
        if let colors, let ground {
            removePale(from: &mask, colors, ground: ground, unit: unit)
            let redCount = map.mask(of: .redCell).count
            if let red, LayeredRedCells.isTold(redPixels: redCount, nucleusPixels: mask.count) {
                mask = LayeredRedCells.removed(from: mask, colors, ground: ground, red: red)
            }
        }
        return mask.keeping { area, _ in Float(area) >= leastSpot * unit }
    }

    /// Takes away what is much nearer to the background's color than the darkest of what is set.
    private static func removePale(
        from mask: inout PixelMask, _ colors: LabImage, ground: SIMD3<Float>, unit: Float
    ) {
        let pixels = mask.isSet.indices.filter { mask.isSet[$0] }
        guard !pixels.isEmpty else { return }
        let distances = pixels.map { pixel in
            let difference = colors[pixel] - ground
            return (difference * difference).sum().squareRoot()
        }
        let rank = distances.count - 1 - min(distances.count - 1, Int(darkest * unit))
        let least = leastContrast * distances.selected(rank: rank)
        for (pixel, distance) in zip(pixels, distances) where distance < least { mask.isSet[pixel] = false }
    }

    private static func measured(_ cells: RegionMap, _ isNucleus: [Bool], count: Int) -> [Region] {
        let (areas, nuclei) = (cells.areas(count: count), cells.areas(count: count, in: isNucleus))
        var sums = [SIMD2<Double>](repeating: .zero, count: count)
        for (pixel, owner) in cells.owners.enumerated() where owner >= 0 {
            sums[Int(owner)] += SIMD2(Double(pixel % cells.width), Double(pixel / cells.width))
        }
        return cells.bounds(count: count).enumerated().map { cell, bounds in
            Region(
                bounds: bounds, nucleusArea: nuclei[cell], area: areas[cell],
                center: SIMD2<Float>(sums[cell] / Double(areas[cell]) + 0.5))
        }
    }
}
