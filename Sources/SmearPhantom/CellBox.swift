import NCTEngine

/// What a box holds; the raw values are the class numbers of the detectors' labels.
public enum CellKind: Int, Sendable, Codable, CaseIterable {
    case whiteCell = 0
    case redCell = 1
    case platelet = 2
}

/// The tight box of one cell, clipped to the image, in whole pixels.
public struct CellBox: Sendable, Equatable {
    public var kind: CellKind
    /// Nil for anything but a white cell.
    public var whiteCellKind: WhiteCellKind?
    /// The left column and the top row.
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    /// Whether a pixel lies inside.
    public func contains(x column: Int, y row: Int) -> Bool {
        column >= x && column < x + width && row >= y && row < y + height
    }
}
