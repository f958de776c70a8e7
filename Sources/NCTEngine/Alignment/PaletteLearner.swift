/// Learns a lab's palette from its images: the training lab's, or the captures of a new one.
///
/// Kinds are told from shape and color in turn (expectation maximization): what labs have in general is moved to the
/// lab by one gain and one offset a channel for cytoplasm and one for nuclei; with the colors so expected of each kind,
/// each cell's probabilities are worked out; with these the gains and offsets, again. What the shape says stays a factor
/// of every round, gains are held near 1 and the rounds are few, so that it cannot wander. A kind that the images
/// hardly show keeps what is expected of it.
///
/// Holds a few hundred bytes a white cell. The same images in the same order give the same palette.
public struct PaletteLearner: Sendable {
    private var fields: [FieldColors] = []

    /// Rounds of telling kinds and moving what is expected of them.
    private static let rounds = 6
    /// What is expected of a kind counts as so many further cells.
    private static let priorCells: Float = 1.5
    /// A gain of 1 counts as so many cells.
    private static let priorGain: Float = 12
    private static let gainRange: ClosedRange<Float> = 0.5...1.6

    public init() {}

    public var images: Int { fields.count }

    /// Adds what one image shows; what of it is no data counts for nothing (``ValidArea``). An image that is too small for
    /// the network, or that shows no smear, adds nothing.
    ///
    /// - Returns: whether it was taken.
    @discardableResult
    public mutating func add(_ image: RGBImage, workers: Workers) -> Bool {
        guard let sight = AlignmentSight(FieldImage(ofDataIn: image, workers: workers), workers: workers) else {
            return false
        }
        add(sight.colors)
        return true
    }

    package mutating func add(_ colors: FieldColors) { fields.append(colors) }

    /// The palette of all that was added.
    ///
    /// Throws ``EngineError/Code/invalidPalette`` if nothing was.
    public func palette() throws -> LabPalette {
        guard !fields.isEmpty else {
            throw EngineError(
                .invalidPalette, "no image shows a smear to learn colors from",
                remedy: "name images of stained blood smears of at least 16 × 16 pixels")
        }
        let general = LabPalette.general
        let cells = fields.flatMap(\.cells)
        var changes = Dictionary(
            uniqueKeysWithValues: LabPalette.Part.allCases.map { ($0, PartChange.meeting(cells, $0, general)) })
        var kinds = cells.map(\.kinds)
        for _ in 0..<Self.rounds {
            kinds = cells.map { cell in
                KindPosterior.probabilities(cell) { part, kind in
                    changes[part]!(general[part, WhiteCellKind.allCases[kind]])
                }
            }
            for part in LabPalette.Part.allCases {
                changes[part] = PartChange.fitting(
                    cells, kinds, part, general, priorGain: Self.priorGain, range: Self.gainRange)
            }
        }
        func statistics(_ part: LabPalette.Part) -> [WhiteCellKind: ColorStatistics] {
            var result: [WhiteCellKind: ColorStatistics] = [:]
            for (index, kind) in WhiteCellKind.allCases.enumerated() {
                var moments = PartMoments()
                for (cell, kinds) in zip(cells, kinds) {
                    if let color = cell[part] { moments.add(color, weight: kinds[index]) }
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

/// How the colors of a part of white cells change from labs in general to one lab: a gain and an offset a channel.
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

    /// The change that brings the mean of what the shapes say to the mean of the cells; none without cells.
    static func meeting(_ cells: [FieldColors.Cell], _ part: LabPalette.Part, _ general: LabPalette) -> PartChange {
        fitting(cells, cells.map(\.kinds), part, general, priorGain: .infinity, range: 1...1)
    }

    /// Weighted least squares over cells and kinds.
    ///
    /// - Parameter priorGain: a gain of 1 counts as so many cells, each as far from the center as the kinds are.
    static func fitting(
        _ cells: [FieldColors.Cell], _ kinds: [[Float]], _ part: LabPalette.Part, _ general: LabPalette,
        priorGain: Float, range: ClosedRange<Float>
    ) -> PartChange {
        let expected = WhiteCellKind.allCases.map { general[part, $0].mean }
        let spread = variance(of: expected)
        var (weight, center, mean) = (Float(0), SIMD3<Float>.zero, SIMD3<Float>.zero)
        for (cell, kinds) in zip(cells, kinds) {
            guard let color = cell[part] else { continue }
            weight += 1
            mean += color.mean
            for kind in kinds.indices { center += kinds[kind] * expected[kind] }
        }
        guard weight > 0 else {
            let middle = expected.reduce(.zero, +) / Float(expected.count)
            return PartChange(center: middle, mean: middle, gain: SIMD3(repeating: 1))
        }
        mean /= weight
        center /= weight
        guard priorGain.isFinite else { return PartChange(center: center, mean: mean, gain: SIMD3(repeating: 1)) }
        var (products, squares) = (priorGain * spread, priorGain * spread)
        for (cell, kinds) in zip(cells, kinds) {
            guard let color = cell[part] else { continue }
            for kind in kinds.indices {
                let difference = expected[kind] - center
                products += kinds[kind] * difference * (color.mean - mean)
                squares += kinds[kind] * difference * difference
            }
        }
        let gain = products / squares
        return PartChange(
            center: center, mean: mean,
            gain: gain.clamped(
                lowerBound: SIMD3(repeating: range.lowerBound), upperBound: SIMD3(repeating: range.upperBound)))
    }

    private static func variance(of values: [SIMD3<Float>]) -> SIMD3<Float> {
        let mean = values.reduce(.zero, +) / Float(values.count)
        return values.reduce(.zero) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)
    }
}
