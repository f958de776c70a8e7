import NCTEngine

/// A synthetic blood smear field without its colors: where every absorber is, and what every pixel truly is.
///
/// A value of this type can be rendered in any ``Stain``; geometry, texture and classes stay the same.
public struct SmearScene: Sendable {
    public let width: Int
    public let height: Int
    /// Concentrations, 0 and more; 1 is a red cell's hemoglobin, a nucleus's azure.
    public let eosin: Plane
    public let azure: Plane
    public let hemoglobin: Plane
    /// What every pixel is: the cell that covers at least half of it.
    public let classes: LabelMap<SmearClass>
    /// The cells in sight: white cells first, then red cells, then platelets.
    public let boxes: [CellBox]

    /// Draws a field; equal arguments give equal scenes. Cost: linear in the pixels.
    ///
    /// - Parameters:
    ///   - width: in pixels, 64 and more for a field that looks like one.
    ///   - height: in pixels, as `width`.
    public init(seed: UInt64, width: Int, height: Int, options: SceneOptions = SceneOptions()) {
        self.init(
            seed: seed, width: width, height: height,
            layout: SceneLayout(seed: seed, width: width, height: height, options: options))
    }

    init(seed: UInt64, width: Int, height: Int, layout: SceneLayout) {
        precondition(width >= 16 && height >= 16, "a scene needs at least 16×16 pixels")
        self.width = width
        self.height = height
        var eosin = Self.background(seed: seed, width: width, height: height)
        var azure = Plane(width: width, height: height)
        var hemoglobin = Plane(width: width, height: height)
        var classes = LabelMap<SmearClass>(width: width, height: height)
        var whiteBoxes: [CellBox] = []
        var redBoxes: [CellBox] = []
        var plateletBoxes: [CellBox] = []
        eosin.values.withUnsafeMutableBufferPointer { eosin in
            azure.values.withUnsafeMutableBufferPointer { azure in
                hemoglobin.values.withUnsafeMutableBufferPointer { hemoglobin in
                    classes.bytes.withUnsafeMutableBufferPointer { labels in
                        let canvas = Canvas(
                            width: width, height: height, eosin: eosin.baseAddress!, azure: azure.baseAddress!,
                            hemoglobin: hemoglobin.baseAddress!, labels: labels.baseAddress!)
                        redBoxes = layout.redCells.compactMap { canvas.add($0) }
                        plateletBoxes = layout.platelets.compactMap { canvas.add($0) }
                        whiteBoxes = layout.whiteCells.compactMap { canvas.add($0) }
                    }
                }
            }
        }
        self.eosin = eosin
        self.azure = azure
        self.hemoglobin = hemoglobin
        self.classes = classes
        boxes = whiteBoxes + redBoxes + plateletBoxes
    }

    /// Red cells alone at the given middles. A cell's looks follow from its place, so it looks the same with others
    /// and without, which lets a test hold what lies on each other against its parts.
    package static func redCells(
        at middles: [SIMD2<Float>], diameter: Float, width: Int, height: Int
    ) -> SmearScene {
        let cells = middles.map { middle in
            var generator = SeededGenerator(seed: UInt64(middle.x.bitPattern) << 32 | UInt64(middle.y.bitPattern))
            let style = RedCellStyle(using: &generator)
            var cell = RedCell(diameter: diameter, style: style, using: &generator)
            (cell.x, cell.y) = (middle.x, middle.y)
            return cell
        }
        return SmearScene(seed: 0, width: width, height: height, layout: SceneLayout(redCells: cells))
    }

    /// The kinds of the white cells in sight, in the order of their boxes.
    public var whiteCellKinds: [WhiteCellKind] { boxes.compactMap(\.whiteCellKind) }

    /// A trace of plasma that took up dye, slightly uneven.
    private static func background(seed: UInt64, width: Int, height: Int) -> Plane {
        let noise = Noise(seed: SeededGenerator.mix(seed ^ 0xBAC6))
        let step = 6 / Float(max(width, height))
        var plane = Plane(width: width, height: height)
        for y in 0..<height {
            for x in 0..<width {
                plane.values[y * width + x] = 0.02 * noise.value(Float(x) * step, Float(y) * step)
            }
        }
        return plane
    }
}
