/// What the network sees in a capture: whether it is a smear, how many cells it shows, and how much of each class in
/// which color, before and after, beside the references'.
public struct SmearContents: Sendable, Equatable, Codable {
    /// Probability that the capture shows a smear, 0…1.
    public var smearProbability: Float
    public var cells: CellCounts
    /// From top to bottom.
    public var whiteCells: [SightedCell]
    public var background: ClassFigures
    public var redCell: ClassFigures
    public var cytoplasm: ClassFigures
    public var nucleus: ClassFigures
    public var platelet: ClassFigures

    /// A white cell and what it is taken for: a guess for matching colors, no diagnosis.
    public struct SightedCell: Sendable, Equatable, Codable {
        /// Left, top, width, height in the capture's pixels.
        public var box: [Int]
        /// The likeliest kind, and how likely it is, 0…1.
        public var kind: WhiteCellKind
        public var probability: Float

        package init(_ cell: WhiteCell) {
            box = [cell.bounds.x, cell.bounds.y, cell.bounds.width, cell.bounds.height]
            kind = cell.kinds.likeliest
            probability = cell.kinds[kind]
        }
    }

    /// One class of a smear.
    public struct ClassFigures: Sendable, Equatable, Codable {
        /// Share of the capture's pixels, 0…1.
        public var areaShare: Float
        /// Median CIELAB (L*, a*, b*) of the class's pixels in the capture and in the result; nil where there are hardly
        /// any.
        public var colorBefore: SIMD3<Float>?
        public var colorAfter: SIMD3<Float>?
        /// That of the reference which is nearest to the result; nil if no reference shows the class.
        public var referenceColor: SIMD3<Float>?
        /// CIEDE2000 of capture and result to the nearest reference.
        public var distanceBefore: Float?
        public var distanceAfter: Float?
    }

    /// Below this probability the network takes the capture for something else than a smear.
    package static let leastProbability: Float = 0.5
    /// Gives the white cells of a part of a capture, from a pixel of that on, their places in the capture.
    package mutating func moveWhiteCells(x: Int, y: Int) {
        for index in whiteCells.indices {
            whiteCells[index].box[0] += x
            whiteCells[index].box[1] += y
        }
    }

    /// How far a class's color may be from the nearest reference's, CIEDE2000, before it is a finding. Set on training
    /// images of one lab against three of its own: there 19 of 20 are nearer, whatever kinds of cells they show.
    package static let greatestDistances: [(QualityReport.Finding.Kind, SmearClass, Float)] = [
        (.backgroundColor, .background, 4), (.redCellColor, .redCell, 5), (.cytoplasmColor, .cytoplasm, 15),
        (.nucleusColor, .nucleus, 8), (.plateletColor, .platelet, 18),
    ]

    /// The distance that a class's verdict goes by; nil where the field or the references show nothing of it.
    func judgedDistance(of kind: SmearClass) -> Float? {
        // Without a white cell, what looks like a piece of one is something else.
        let isWhite = kind == .nucleus || kind == .cytoplasm
        return isWhite && cells.whiteCells == 0 ? nil : self[kind].distanceAfter
    }

    package subscript(kind: SmearClass) -> ClassFigures {
        switch kind {
        case .background: background
        case .redCell: redCell
        case .cytoplasm: cytoplasm
        case .nucleus: nucleus
        case .platelet: platelet
        }
    }

    /// - Parameters:
    ///   - before, after: the capture and the result, reduced alike.
    ///   - mask: which of their pixels count.
    ///   - scale: what they were reduced by.
    package init(
        _ segmentation: SmearSegmentation, cells: CellCounts, whiteCells: [WhiteCell], before: LabImage,
        after: LabImage, mask: DataMask? = nil, scale: Int, references: [ClassColors], workers: Workers
    ) {
        let labels = segmentation.labels(reducedBy: scale, workers: workers)
        let (source, result) = (ClassColors(before, labels, mask: mask), ClassColors(after, labels, mask: mask))
        func figures(_ kind: SmearClass) -> ClassFigures {
            let index = Int(kind.rawValue)
            func nearest(_ color: SIMD3<Float>?) -> (color: SIMD3<Float>, distance: Float)? {
                guard let color else { return nil }
                return references.compactMap(\.medians[index])
                    .map { ($0, Float(CIEDE2000.difference(color, $0))) }
                    .min { $0.1 < $1.1 }
            }
            return ClassFigures(
                areaShare: source.shares[index], colorBefore: source.medians[index], colorAfter: result.medians[index],
                referenceColor: nearest(result.medians[index])?.color,
                distanceBefore: nearest(source.medians[index])?.distance,
                distanceAfter: nearest(result.medians[index])?.distance)
        }
        smearProbability = segmentation.smearProbability
        self.cells = cells
        self.whiteCells = whiteCells.map(SightedCell.init)
        background = figures(.background)
        redCell = figures(.redCell)
        cytoplasm = figures(.cytoplasm)
        nucleus = figures(.nucleus)
        platelet = figures(.platelet)
    }
}
