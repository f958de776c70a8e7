/// One object, one class: the classes of a field brought in line with its white cells (``WhiteCellRegions``).
///
/// What belongs to a white cell is nucleus or cytoplasm, whatever it was taken for: on some stains a nucleus looks like one
/// large platelet. What is taken for either and belongs to none is mostly a bright spot in a red cell, a stacked or dark red
/// cell, or stained plasma; so is what is taken for a platelet and is as large as a nucleus. It is background or red cell,
/// whichever color it is nearer to. Cytoplasm beside a cell may be its own, and a small piece that the border cuts off the
/// rest of one: they stay what they are.
package enum ObjectClasses {
    /// No more of a white cell than this is left of it where its nucleus is too small to be counted, in areas of a red cell.
    private static let greatestRest: Float = 1
    /// So near to a cell, in diameters of a red cell, its own cytoplasm may reach farther than it is counted.
    private static let margin: Float = 0.6

    /// Cost linear in the pixels.
    ///
    /// - Parameters:
    ///   - cells: of the map.
    ///   - colors: the field's, of the map's grid, as the mask is.
    package static func settled(
        _ map: LabelMap<SmearClass>, _ cells: WhiteCellRegions, colors: LabImage, mask: DataMask?
    ) -> LabelMap<SmearClass> {
        let ground = FieldGround(ClassColors(colors, map, mask: mask))
        let strays = [SmearClass.nucleus, .cytoplasm].map { stray($0, in: map, mask, unit: cells.unit) }
        let platelets = ConnectedSpots(map.mask(of: .platelet))
        let large = platelets.mask { Float(platelets.areas[$0]) >= WhiteCellSize.leastNucleus * cells.unit }
        let margin = Int((Self.margin * (cells.unit * 4 / .pi).squareRoot()).rounded())
        let near = PixelMask(width: map.width, height: map.height, isSet: cells.owners.map { $0 >= 0 }).grown(
            by: margin)
        var settled = map
        for pixel in map.bytes.indices {
            if cells.owners[pixel] >= 0 {
                settled[pixel] = cells.isNucleus[pixel] ? .nucleus : .cytoplasm
            } else if large.isSet[pixel] || strays.contains(where: { $0.isSet[pixel] }),
                !(map[pixel] == .cytoplasm && near.isSet[pixel])
            {
                settled[pixel] = ground.has(colors[pixel]) ? .background : .redCell
            }
        }
        return settled
    }

    /// The spots of a class that no border cuts off, or that are too large for the rest of a cell.
    private static func stray(
        _ kind: SmearClass, in map: LabelMap<SmearClass>, _ mask: DataMask?, unit: Float
    ) -> PixelMask {
        let spots = ConnectedSpots(map.mask(of: kind), within: mask)
        return spots.mask { !spots.touchesBorder[$0] || Float(spots.areas[$0]) > greatestRest * unit }
    }
}

/// Whether what is no white cell is background or red cell, by its color.
struct FieldGround {
    private let background, redCell: SIMD3<Float>?

    init(_ classes: ClassColors) {
        (background, redCell) = (classes.median(of: .background), classes.median(of: .redCell))
    }

    /// Where one of the two is not seen, it is the other; where neither is, a red cell.
    func has(_ color: SIMD3<Float>) -> Bool {
        guard let background, let redCell else { return redCell == nil && background != nil }
        let (ground, red) = (color - background, color - redCell)
        return (ground * ground).sum() < (red * red).sum()
    }
}
