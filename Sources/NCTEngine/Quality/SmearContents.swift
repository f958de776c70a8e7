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
        /// CIEDE2000 of its cytoplasm and of its nucleus in the result to where the training lab has a cell of this kind,
        /// or of another that it may be; nil where hardly any is seen.
        public var cytoplasmDistance: Float?
        public var nucleusDistance: Float?

        /// A kind counts from this probability on.
        private static let leastProbability: Float = 0.2

        package init(_ cell: WhiteCell, in result: FieldColors.Cell?, palette: LabPalette) {
            box = [cell.bounds.x, cell.bounds.y, cell.bounds.width, cell.bounds.height]
            kind = cell.kinds.likeliest
            probability = cell.kinds[kind]
            func distance(_ part: LabPalette.Part) -> Float? {
                guard let color = result?[part]?.mean else { return nil }
                return WhiteCellKind.allCases
                    .filter { $0 == cell.kinds.likeliest || cell.kinds[$0] >= Self.leastProbability }
                    .map { Float(CIEDE2000.difference(color, palette[part, $0].mean)) }.min()
            }
            cytoplasmDistance = distance(.cytoplasm)
            nucleusDistance = distance(.nucleus)
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

    /// How far a class's color may be before it is a finding, CIEDE2000: background, red cells and platelets from the
    /// nearest reference's, each white cell's parts from where the training lab has its kind. The first were set on training
    /// images of one lab against three of its own, where 19 of 20 are nearer, whatever cells they show.
    package static let greatestDistances: [(QualityReport.Finding.Kind, SmearClass, Float)] = [
        (.backgroundColor, .background, 4), (.redCellColor, .redCell, 5), (.cytoplasmColor, .cytoplasm, 15),
        (.nucleusColor, .nucleus, 8), (.plateletColor, .platelet, 18),
    ]
    /// A class with a smaller share of the field is mostly the rims of others.
    private static let leastShare: Float = 0.05

    /// The distance that a class's verdict goes by, of white cells the farthest one's; nil where the field or the
    /// references show too little of it.
    package func judgedDistance(of kind: SmearClass) -> Float? {
        switch kind {
        case .cytoplasm: whiteCells.compactMap(\.cytoplasmDistance).max()
        case .nucleus: whiteCells.compactMap(\.nucleusDistance).max()
        case .background, .redCell: self[kind].areaShare < Self.leastShare ? nil : self[kind].distanceAfter
        case .platelet: self[kind].distanceAfter
        }
    }

    /// By how much, in all, colors are beyond what is allowed: the sum over classes of the share of the limit.
    var excess: Float {
        Self.greatestDistances.reduce(0) { sum, limit in
            sum + max(0, (judgedDistance(of: limit.1) ?? 0) / limit.2 - 1)
        }
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
    ///   - colors: of the result on the segmentation's grid.
    ///   - palette: the training lab's.
    package init(
        _ segmentation: SmearSegmentation, cells: CellCounts, whiteCells: WhiteCells, before: LabImage,
        after: LabImage, mask: DataMask? = nil, scale: Int, colors: LabImage, palette: LabPalette,
        references: [ClassColors], workers: Workers
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
        let seen = FieldColors(
            colors, whiteCells.parts, mask: segmentation.mask, kinds: whiteCells.cells.map { $0.kinds.believed() }
        ).cells
        self.whiteCells = whiteCells.cells.enumerated().map { index, cell in
            SightedCell(cell, in: seen.indices.contains(index) ? seen[index] : nil, palette: palette)
        }
        background = figures(.background)
        redCell = figures(.redCell)
        cytoplasm = figures(.cytoplasm)
        nucleus = figures(.nucleus)
        platelet = figures(.platelet)
    }
}
