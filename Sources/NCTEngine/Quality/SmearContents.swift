extension KeyedDecodingContainer {
    /// White cells one by one, which sidecars of nctd 0.7 and before do not have.
    func decode(
        _ type: [SmearContents.SightedCell].Type, forKey key: Key
    ) throws -> [SmearContents.SightedCell] { try decodeIfPresent(type, forKey: key) ?? [] }
}

/// What the network sees in a capture: whether it is a smear, how many cells it shows, and how much of each class in
/// which color, before and after, beside the references'.
public struct SmearContents: Sendable, Equatable, Codable {
    /// Probability that the capture shows a smear, 0…1.
    public var smearProbability: Float
    public var cells: CellCounts
    /// From top to bottom.
    public var whiteCells: [SightedCell]
    /// CIEDE2000 of the result's background to the training lab's; nil where hardly any is seen.
    public var backgroundDistance: Float?
    /// CIEDE2000 of the result's platelets to the training lab's, and how far they may be, as far as its own are from each
    /// other; nil where the lab showed too few, or the field hardly any, and in sidecars of nctd 0.9.4 and before.
    public var plateletDistance: Float?
    public var plateletLimit: Float?
    public var background: ClassFigures
    public var redCell: ClassFigures
    public var cytoplasm: ClassFigures
    public var nucleus: ClassFigures
    public var platelet: ClassFigures

    /// A white cell and what it is taken for: a guess for matching colors, no diagnosis.
    public struct SightedCell: Sendable, Equatable, Codable {
        /// Left, top, width, height in the capture's pixels.
        public var box: [Int]
        /// In areas of the field's red cell; nil where no cell stands free to measure by, and in sidecars of nctd 0.9.3 and
        /// before.
        public var area: Float?
        /// The likeliest kind, and how likely it is, 0…1.
        public var kind: WhiteCellKind
        public var probability: Float
        /// How likely each kind is, by its name; nil in sidecars of nctd 0.9 and before.
        public var probabilities: [String: Float]?
        /// CIEDE2000 of its cytoplasm and of its nucleus in the result to where the training lab has a cell of this kind,
        /// or of another that it may be; nil where hardly any is seen.
        public var cytoplasmDistance: Float?
        public var nucleusDistance: Float?
        /// How far the cytoplasm may be: as far as ordinary cells of that kind are in the training lab; nil as the distance.
        public var cytoplasmLimit: Float?
        /// Deviation of L* within the nucleus in the result, as a share of that in the capture or of what the training
        /// lab's nuclei have, whichever is less; at most 1, nil where hardly any is seen.
        public var nucleusTexture: Float?

        /// So many deviations between a lab's cells of a kind are ordinary: measured on one lab, where of each kind 19 of
        /// 20 cells are nearer.
        private static let greatestDeviations: Float = 1.25
        /// Bounds of that limit, CIEDE2000, since a palette may be of few cells. By eye.
        private static let limits: ClosedRange<Float> = 8...16
        /// A kind counts from this probability on. By eye.
        private static let leastProbability: Float = 0.2

        package init(
            _ cell: WhiteCell, isMeasured: Bool, before: FieldColors.Cell?, in result: FieldColors.Cell?,
            palette: LabPalette
        ) {
            box = [cell.bounds.x, cell.bounds.y, cell.bounds.width, cell.bounds.height]
            area = isMeasured ? cell.area : nil
            kind = cell.kinds.likeliest
            probability = cell.kinds[kind]
            probabilities = cell.kinds.named
            let kinds = WhiteCellKind.allCases
                .filter { $0 == cell.kinds.likeliest || cell.kinds[$0] >= Self.leastProbability }
            func distance(_ part: LabPalette.Part, _ kind: WhiteCellKind) -> Float? {
                (result?[part]?.mean).map { Float(CIEDE2000.difference($0, palette[part, kind].mean)) }
            }
            nucleusDistance = kinds.compactMap { distance(.nucleus, $0) }.min()
            let cytoplasm = kinds.compactMap { kind in
                distance(.cytoplasm, kind).map { distance in
                    (distance, Self.limit(of: palette[.cytoplasm, kind], within: Self.limits))
                }
            }.min { $0.0 / $0.1 < $1.0 / $1.1 }
            (cytoplasmDistance, cytoplasmLimit) = (cytoplasm?.0, cytoplasm?.1)
            if let after = result?.nucleus?.deviation.x, let own = before?.nucleus?.deviation.x {
                let ordinary = kinds.map { palette[.nucleus, $0].within.x }.min() ?? own
                nucleusTexture = min(1, after / max(0.1, min(own, ordinary)))
            }
        }

        /// How far from their lab's mean ordinary fields or cells are.
        fileprivate static func limit(of color: ColorStatistics, within limits: ClosedRange<Float>) -> Float {
            let limit = greatestDeviations * (color.between * color.between).sum().squareRoot()
            return min(limits.upperBound, max(limits.lowerBound, limit))
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

    /// Gives the white cells of a part of a capture, from a pixel of that on, their places in the capture.
    package mutating func moveWhiteCells(x: Int, y: Int) {
        for index in whiteCells.indices {
            whiteCells[index].box[0] += x
            whiteCells[index].box[1] += y
        }
    }

    /// The findings about the color of a class.
    package static let colorFindings: [(QualityReport.Finding.Kind, SmearClass)] = [
        (.backgroundColor, .background), (.redCellColor, .redCell), (.cytoplasmColor, .cytoplasm),
        (.nucleusColor, .nucleus), (.plateletColor, .platelet),
    ]
    /// Nuclei with a smaller share of their texture are flat. By eye.
    package static let leastTexture: Float = 0.5
    /// No white cell is larger, in areas of a red cell: the largest of 1,105 fields of five labs has 11.9, whose classes
    /// are right; where they are wrong half a field may be one.
    package static let greatestCell: Float = 12
    /// A lab that was seen with fewer fields of platelets tells nothing about theirs.
    private static let leastPlatelets: Float = 10
    /// Bounds of how far platelets may be from the lab's mean, CIEDE2000: on lab A, whose limit is 24, nine in ten fields
    /// are nearer.
    private static let plateletLimits: ClosedRange<Float> = 18...26
    /// A class with a smaller share of the field is mostly the rims of others. By eye.
    private static let leastShare: Float = 0.05

    /// The distance that a class's verdict goes by and how far it may be, CIEDE2000; nil where the field or the references
    /// show too little of the class.
    ///
    /// Background is compared with the training lab's, red cells and platelets with the nearest reference's: their limits
    /// were set on training images of one lab against three of its own, where 19 of 20 are nearer, whatever cells they
    /// show. References may show a speck for all platelets, so that these may as well be near to what the lab's are
    /// otherwise; and rims of what is counted as none say nothing. Of white cells the one counts that is farthest for its
    /// kind; the limit of nuclei is by eye.
    package func judged(_ kind: SmearClass) -> (distance: Float, limit: Float)? {
        func known(_ distance: Float?, _ limit: Float) -> (Float, Float)? { distance.map { ($0, limit) } }
        return switch kind {
        case .background: background.areaShare < Self.leastShare ? nil : known(backgroundDistance, 4)
        case .redCell: redCell.areaShare < Self.leastShare ? nil : known(redCell.distanceAfter, 5)
        case .platelet:
            cells.platelets == 0
                ? nil
                : [known(platelet.distanceAfter, 18), plateletLimit.flatMap { known(plateletDistance, $0) }]
                    .compactMap { $0 }.min { $0.0 / $0.1 < $1.0 / $1.1 }
        case .nucleus: known(whiteCells.compactMap(\.nucleusDistance).max(), 8)
        case .cytoplasm:
            whiteCells.compactMap { cell in cell.cytoplasmLimit.flatMap { known(cell.cytoplasmDistance, $0) } }
                .max { $0.0 / $0.1 < $1.0 / $1.1 }
        }
    }

    /// The share of its texture that the flattest nucleus has kept; nil without nuclei.
    package var leastNucleusTexture: Float? { whiteCells.compactMap(\.nucleusTexture).min() }

    /// Area of the largest white cell in areas of a red cell; nil where there is none, or none to measure by.
    package var largestWhiteCell: Float? { whiteCells.compactMap(\.area).max() }

    /// By how much, in all, colors are beyond what is allowed: the sum over classes of the share of the limit.
    var excess: Float {
        Self.colorFindings.reduce(0) { sum, finding in
            sum + (judged(finding.1).map { max(0, $0.distance / $0.limit - 1) } ?? 0)
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
            func nearest(_ color: SIMD3<Float>?) -> (color: SIMD3<Float>, distance: Float)? {
                guard let color else { return nil }
                return references.compactMap { $0.median(of: kind) }
                    .map { ($0, Float(CIEDE2000.difference(color, $0))) }
                    .min { $0.1 < $1.1 }
            }
            return ClassFigures(
                areaShare: source.share(of: kind), colorBefore: source.median(of: kind),
                colorAfter: result.median(of: kind), referenceColor: nearest(result.median(of: kind))?.color,
                distanceBefore: nearest(source.median(of: kind))?.distance,
                distanceAfter: nearest(result.median(of: kind))?.distance)
        }
        smearProbability = segmentation.smearProbability
        self.cells = cells
        let own = whiteCells.colors.cells
        let seen = FieldColors(
            colors, whiteCells.parts, mask: segmentation.mask, kinds: own.map(\.kinds)
        ).cells
        self.whiteCells = whiteCells.cells.enumerated().map { index, cell in
            let isSeen = seen.indices.contains(index)
            return SightedCell(
                cell, isMeasured: whiteCells.regions.isUnitKnown, before: isSeen ? own[index] : nil,
                in: isSeen ? seen[index] : nil, palette: palette)
        }
        background = figures(.background)
        backgroundDistance = background.colorAfter.map {
            Float(CIEDE2000.difference($0, palette.background.mean))
        }
        redCell = figures(.redCell)
        cytoplasm = figures(.cytoplasm)
        nucleus = figures(.nucleus)
        platelet = figures(.platelet)
        if let color = platelet.colorAfter, palette.platelet.count >= Self.leastPlatelets {
            plateletDistance = Float(CIEDE2000.difference(color, palette.platelet.mean))
            plateletLimit = SightedCell.limit(of: palette.platelet, within: Self.plateletLimits)
        }
    }
}
