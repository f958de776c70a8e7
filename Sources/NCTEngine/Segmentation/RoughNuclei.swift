/// The spots of nucleus color, and how large they are against the field's red cells.
struct RoughNuclei: Sendable {
    let spots: ConnectedSpots
    /// Area of an ordinary red cell in pixels; nil if no cell stands free.
    let redCellArea: Float?
    /// Area of the largest spot in red cells, 0 if there is none. Without red cells, in hundredths of the field.
    let largest: Float

    init(_ labels: LabelMap<RoughClass>, mask: DataMask?) {
        spots = ConnectedSpots(labels.mask(of: .nucleus))
        redCellArea = RedCellSize.area(labels, background: .background, mask: mask)
        let unit = redCellArea ?? max(1, Float(mask?.count ?? labels.pixelCount) / 100)
        largest = Float(spots.areas.max() ?? 0) / unit
    }

    /// Pixels that a spot needs to be of a white cell's nucleus.
    var least: Int { max(8, Int(WhiteCellSize.leastLobe * (redCellArea ?? 40))) }
}
