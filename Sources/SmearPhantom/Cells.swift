import NCTEngine

/// A red cell: a disc with a paler middle.
struct RedCell: Sendable {
    var x: Float
    var y: Float
    var radius: Float
    /// Long over short axis.
    var stretch: Float
    var angle: Float
    var outline: Outline
    /// How much hemoglobin the middle lacks, 0…1, how wide (in radii), and where.
    var pallor: Float
    var pallorRadius: Float
    var pallorCenter: (u: Float, v: Float)
    /// Hemoglobin relative to an ordinary cell.
    var strength: Float
    /// Width of the edge in radii.
    var softness: Float
    var seed: UInt64
}

/// A white cell of one of seven kinds.
struct WhiteCell: Sendable {
    var kind: WhiteCellKind
    var x: Float
    var y: Float
    var radius: Float
    var angle: Float
    var outline: Outline
    var nucleus: Nucleus
    /// Clear bubbles in the cytoplasm (monocytes), in radii.
    var vacuoles: [(u: Float, v: Float, radius: Float)]
    /// Nucleoli, paler and bluer spots of a blast's nucleus.
    var nucleoli: [(u: Float, v: Float, radius: Float)]
    /// Dye taken up relative to an ordinary cell.
    var strength: Float
    var seed: UInt64
}

/// A platelet: small, ragged, granular.
struct Platelet: Sendable {
    var x: Float
    var y: Float
    var radius: Float
    var stretch: Float
    var angle: Float
    var outline: Outline
    var seed: UInt64
}
