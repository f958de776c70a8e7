import NCTEngine

/// What a scene shows. The defaults give a field as microscopes deliver them.
public struct SceneOptions: Sendable, Equatable {
    /// White cells to place, 0 and more; nil: about one for thirty squares of a red cell's diameter, at least one.
    public var whiteCellCount: Int?
    /// The kinds to draw from: shuffled by the seed, then taken in turn, so that a count of `kinds.count` shows each
    /// once. Not empty unless the count is 0.
    public var whiteCellKinds: [WhiteCellKind]
    /// Share of the field that red cells should cover, 0…0.8, if there is no count.
    public var redCellDensity: Double
    /// Red cells to place; nil: as many as the density asks for.
    public var redCellCount: Int?
    /// Platelets to place; nil: 0 to 2 for each white cell that the default count would give.
    public var plateletCount: Int?
    /// Share of red cells that may lie on others, 0…1.
    public var overlap: Double
    /// Diameter of a red cell in pixels; nil: a fifth of the shorter side, at most 200.
    public var redCellDiameter: Double?
    /// Multiplies the diameter of all cells, greater than 0.
    public var scale: Double

    /// In an order that stays, since a seed's scenes depend on it.
    public static let allKinds: [WhiteCellKind] = [
        .segmentedNeutrophil, .bandNeutrophil, .eosinophil, .basophil, .lymphocyte, .monocyte, .other,
    ]

    public init(
        whiteCellCount: Int? = nil, whiteCellKinds: [WhiteCellKind] = SceneOptions.allKinds,
        redCellDensity: Double = 0.5, redCellCount: Int? = nil, plateletCount: Int? = nil, overlap: Double = 0.25,
        redCellDiameter: Double? = nil, scale: Double = 1
    ) {
        self.whiteCellCount = whiteCellCount
        self.whiteCellKinds = whiteCellKinds
        self.redCellDensity = redCellDensity
        self.redCellCount = redCellCount
        self.plateletCount = plateletCount
        self.overlap = overlap
        self.redCellDiameter = redCellDiameter
        self.scale = scale
    }

    /// The diameter of a typical red cell in pixels in an image of this size, at least 6.
    func diameter(width: Int, height: Int) -> Float {
        Float(max(6, scale * (redCellDiameter ?? min(200, 0.2 * Double(min(width, height))))))
    }
}
