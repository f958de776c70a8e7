/// Learns a lab's palette from its images: the training lab's, or the captures of a new one.
///
/// Colors tell kinds only where the stain is known, and the stain is known by kinds: so both are found in turn
/// (expectation maximization). ``KindNet`` tells the kinds in the lab's own colors; with these the palette is made; with
/// the palette all white cells alike are moved to where cells of such kinds are in the lab that the network was trained
/// on (`KindShift`), and it tells them again. Rounds are few, all cells move as one, and shape and texture stay as they
/// are, so that it cannot wander. A kind that the images hardly show keeps what is expected of it: what labs have in
/// general, moved to the lab by one gain and one offset per channel for cytoplasm and one for nuclei.
///
/// Holds some hundred bytes a white cell, and 64 kB for each of the first ones. The same images in the same order give
/// the same palette.
public struct PaletteLearner: Sendable {
    private var fields: [FieldColors] = []
    private var windows = 0

    /// Rounds of telling kinds again.
    private static let rounds = 3
    /// Cells beyond these are told once, in the lab's own colors.
    private static let mostWindows = 1000
    /// What is expected of a kind counts as so many further cells.
    private static let priorCells: Float = 1.5
    /// A gain of 1 counts as so many cells.
    private static let priorGain: Float = 12
    private static let gainRange: ClosedRange<Float> = 0.5...1.6

    /// One that has seen nothing.
    public init() {}

    /// How many were taken.
    public var images: Int { fields.count }

    /// Adds what one image shows; what of it is no data counts for nothing (`ValidArea`). An image that is too small for
    /// the network, that shows no smear, or is not sound (``RGBImage/isSound``), adds nothing.
    ///
    /// - Returns: whether it was taken.
    @discardableResult
    public mutating func add(_ image: RGBImage, workers: Workers) -> Bool {
        guard image.isSound else { return false }
        let field = FieldImage(ofDataIn: image, workers: workers)
        guard let sight = AlignmentSight(field, windows: Self.mostWindows - windows, workers: workers) else {
            return false
        }
        add(sight.colors)
        return true
    }

    package mutating func add(_ colors: FieldColors) {
        fields.append(colors)
        windows += colors.cells.count { $0.window != nil }
    }

    /// The palette of all that was added. A second or two for a thousand cells.
    ///
    /// Throws ``EngineError/Code/invalidPalette`` if nothing was.
    public func palette(workers: Workers) throws -> LabPalette {
        guard !fields.isEmpty else {
            throw EngineError(
                .invalidPalette, "no image shows a smear to learn colors from",
                remedy: "name images of stained blood smears of at least 16 × 16 pixels")
        }
        let cells = fields.flatMap(\.cells)
        var palette = palette(cells)
        for _ in 0..<Self.rounds where windows > 0 {
            let shift = KindShift(from: palette)
            let told = workers.map(cells.count, grain: 1) { range in
                var cell = cells[range.lowerBound]
                if let window = cell.window {
                    cell.kinds = KindNet.embedded.kinds(of: window, shift: shift).believed()
                }
                return cell
            }
            palette = self.palette(told)
        }
        return palette
    }

    /// With the cells' kinds as they were told. A cell counts for a kind by its probability squared, so that the sure ones
    /// decide where the kind lies.
    private func palette(_ cells: [FieldColors.Cell]) -> LabPalette {
        let general = LabPalette.general
        let changes = Dictionary(
            uniqueKeysWithValues: LabPalette.Part.allCases.map { part in
                (part, PartChange(cells, part, general, priorGain: Self.priorGain, range: Self.gainRange))
            })
        func statistics(_ part: LabPalette.Part) -> [WhiteCellKind: ColorStatistics] {
            var result: [WhiteCellKind: ColorStatistics] = [:]
            for (index, kind) in WhiteCellKind.allCases.enumerated() {
                var moments = PartMoments()
                for cell in cells {
                    let likely = cell.kinds[index]
                    if let color = cell[part] { moments.add(color, weight: likely * likely) }
                }
                result[kind] = ColorStatistics(
                    moments, prior: changes[part]!(general[part, kind]), strength: Self.priorCells)
            }
            return result
        }
        func statistics(_ path: KeyPath<FieldColors, PartColor?>, _ prior: ColorStatistics) -> ColorStatistics {
            var moments = PartMoments()
            for case let color? in fields.map({ $0[keyPath: path] }) { moments.add(color, weight: 1) }
            return ColorStatistics(moments, prior: prior, strength: moments.weight > 0 ? 0 : 1)
        }
        return LabPalette(
            version: LabPalette.currentVersion, images: fields.count, whiteCells: cells.count,
            background: statistics(\.background, general.background), redCell: statistics(\.redCell, general.redCell),
            platelet: statistics(\.platelet, general.platelet), cytoplasm: statistics(.cytoplasm),
            nucleus: statistics(.nucleus))
    }
}

/// How the colors of a part of white cells change from labs in general to one lab: a gain and an offset per channel.
struct PartChange: Sendable {
    /// About this color of labs in general…
    var center: SIMD3<Float>
    /// …which becomes this one, and differences from it are multiplied.
    var mean: SIMD3<Float>
    var gain: SIMD3<Float>

    func callAsFunction(_ statistics: ColorStatistics) -> ColorStatistics {
        ColorStatistics(
            mean: mean + gain * (statistics.mean - center), within: statistics.within * gain,
            between: statistics.between * gain, count: 0)
    }

    /// Weighted least squares over cells and kinds; none without cells.
    ///
    /// - Parameter priorGain: a gain of 1 counts as so many cells, each as far from the center as the kinds are.
    init(
        _ cells: [FieldColors.Cell], _ part: LabPalette.Part, _ general: LabPalette, priorGain: Float,
        range: ClosedRange<Float>
    ) {
        let expected = WhiteCellKind.allCases.map { general[part, $0].mean }
        let spread = Self.variance(of: expected)
        var (weight, center, mean) = (Float(0), SIMD3<Float>.zero, SIMD3<Float>.zero)
        for cell in cells {
            guard let color = cell[part] else { continue }
            weight += 1
            mean += color.mean
            for kind in cell.kinds.indices { center += cell.kinds[kind] * expected[kind] }
        }
        guard weight > 0 else {
            let middle = expected.reduce(.zero, +) / Float(expected.count)
            (self.center, self.mean, gain) = (middle, middle, SIMD3(repeating: 1))
            return
        }
        mean /= weight
        center /= weight
        var (products, squares) = (priorGain * spread, priorGain * spread)
        for cell in cells {
            guard let color = cell[part] else { continue }
            for kind in cell.kinds.indices {
                let difference = expected[kind] - center
                products += cell.kinds[kind] * difference * (color.mean - mean)
                squares += cell.kinds[kind] * difference * difference
            }
        }
        (self.center, self.mean) = (center, mean)
        let ratio = products / squares
        gain = ratio.clamped(
            lowerBound: SIMD3(repeating: range.lowerBound), upperBound: SIMD3(repeating: range.upperBound))
    }

    private static func variance(of values: [SIMD3<Float>]) -> SIMD3<Float> {
        let mean = values.reduce(.zero, +) / Float(values.count)
        return values.reduce(.zero) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)
    }
}
