/// What each pixel of a field belongs to: a class of the field, or one part of one white cell. One object, one class.
///
/// Cytoplasm and nucleus that belong to no white cell (``WhiteCellRegions``) are mostly a stacked or dark red cell, or
/// stained plasma, and must not take on a white cell's colors: they count as background or red cell, whichever color they
/// are nearer to.
package struct SmearParts: Sendable {
    let width: Int
    let height: Int
    /// Number of the part a pixel: 0 background, 1 red cell, 2 platelet, then cytoplasm and nucleus of each cell in turn.
    package let indices: [UInt16]
    let cellCount: Int

    package static let background = 0
    package static let redCell = 1
    static let platelet = 2
    /// Cells beyond this number stay red cells; a field of so many is none of ordinary blood.
    private static let mostCells = 4096

    package static func cytoplasm(ofCell cell: Int) -> Int { 3 + 2 * cell }
    package static func nucleus(ofCell cell: Int) -> Int { 4 + 2 * cell }
    var count: Int { 3 + 2 * cellCount }

    /// - Parameter classes: what the field's classes look like.
    /// - Precondition: all are of one grid.
    package init(_ labels: LabelMap<SmearClass>, _ cells: WhiteCellRegions, colors: LabImage, _ classes: ClassColors) {
        let ground = FieldGround(classes)
        (width, height) = (labels.width, labels.height)
        cellCount = min(Self.mostCells, cells.regions.count)
        let count = cellCount
        indices = labels.bytes.indices.map { pixel in
            let owner = Int(cells.owners[pixel])
            if owner >= 0, owner < count {
                return UInt16(cells.isNucleus[pixel] ? Self.nucleus(ofCell: owner) : Self.cytoplasm(ofCell: owner))
            }
            return switch labels[pixel] {
            case .background: UInt16(Self.background)
            case .platelet: UInt16(Self.platelet)
            case .redCell: UInt16(Self.redCell)
            case .cytoplasm, .nucleus: UInt16(ground.has(colors[pixel]) ? Self.background : Self.redCell)
            }
        }
    }
}
