/// The change of color from one lab to another, class by class and cell by cell: what is the labs' changes, what is the
/// cell's own stays.
///
/// Background and red cells of a capture are brought to the training lab's by their own means and deviations. A white
/// cell's cytoplasm and nucleus are brought to where the training lab has such a cell: to the mean over the kinds that
/// it may be, and beyond that a share of what it differs by from the cells of its own lab. The
/// share is what a best linear estimate keeps: much where kinds are in doubt, since the difference may then be the
/// kind's; little where they are sure. Ratios of deviations are bounded.
///
/// Gains and offsets are constant in each part and pass smoothly from one to the next.
package struct ClassAlignment: Sendable {
    /// One change a part of ``SmearParts``, in its order.
    package let changes: [Change]

    /// `gain · color + offset`, channel by channel.
    package struct Change: Sendable, Equatable {
        var gain: SIMD3<Float>
        var offset: SIMD3<Float>

        static let none = Change(gain: SIMD3(repeating: 1), offset: .zero)

        /// The change that brings a mean and a deviation to others.
        init(
            from mean: SIMD3<Float>, _ deviation: SIMD3<Float>, to target: SIMD3<Float>, _ wanted: SIMD3<Float>
        ) {
            let ratio = wanted / deviation.clamped(lowerBound: SIMD3(repeating: 0.1), upperBound: SIMD3(repeating: 1e3))
            gain = ratio.clamped(
                lowerBound: SIMD3(repeating: ClassAlignment.gains.lowerBound),
                upperBound: SIMD3(repeating: ClassAlignment.gains.upperBound))
            offset = target - gain * mean
        }

        init(gain: SIMD3<Float>, offset: SIMD3<Float>) {
            self.gain = gain
            self.offset = offset
        }

        package func callAsFunction(_ color: SIMD3<Float>) -> SIMD3<Float> { gain * color + offset }
    }

    private static let gains: ClosedRange<Float> = 0.5...2
    /// By how much a cell's place among its lab's cells may be off, ΔE*ab a channel: of the palettes, the classes, the
    /// field's own light.
    private static let placeError: Float = 7
    /// Width over which one part's change passes into the next, in pixels of the network's grid (standard deviation).
    static let blur: Float = 1.5

    /// - Parameters:
    ///   - colors: of the capture.
    ///   - source: of its lab.
    ///   - target: of the training lab.
    package init(_ colors: FieldColors, from source: LabPalette, to target: LabPalette) {
        let background = Self.change(colors.background, source.background, target.background)
        let redCell = Self.change(colors.redCell, source.redCell, target.redCell)
        // What is taken for platelets in one field is few pixels, not all of them right.
        let platelet = Self.change(
            source.platelet.count > 0 ? nil : colors.platelet, source.platelet, target.platelet)
        var changes = [background ?? redCell ?? .none, redCell ?? background ?? .none]
        changes.append(platelet ?? changes[SmearParts.redCell])
        for cell in colors.cells {
            guard Self.isWhiteCell(cell, in: colors) else {
                changes.append(contentsOf: [changes[SmearParts.redCell], changes[SmearParts.redCell]])
                continue
            }
            let nucleus = Self.change(cell.nucleus, .nucleus, cell.kinds, source, target)
            let cytoplasm = Self.change(cell.cytoplasm, .cytoplasm, cell.kinds, source, target)
            changes.append(cytoplasm ?? nucleus ?? changes[SmearParts.redCell])
            changes.append(nucleus ?? cytoplasm ?? changes[SmearParts.redCell])
        }
        self.changes = changes
    }

    /// A nucleus is darker than its cytoplasm and than the background; what is not was taken for one by mistake.
    private static func isWhiteCell(_ cell: FieldColors.Cell, in colors: FieldColors) -> Bool {
        guard let nucleus = cell.nucleus else { return false }
        if let cytoplasm = cell.cytoplasm, nucleus.mean.x >= cytoplasm.mean.x { return false }
        if let background = colors.background, nucleus.mean.x >= background.mean.x - 10 { return false }
        return true
    }

    /// Of a class of the field, by its own colors, or its lab's where the field shows too little of it; nil where
    /// neither is known.
    private static func change(
        _ own: PartColor?, _ source: ColorStatistics, _ target: ColorStatistics
    ) -> Change? {
        if let own { return Change(from: own.mean, own.deviation, to: target.mean, target.within) }
        guard source.count > 0 else { return nil }
        return Change(from: source.mean, source.within, to: target.mean, target.within)
    }

    /// Of a part of a white cell; nil where hardly any of it is seen.
    private static func change(
        _ own: PartColor?, _ part: LabPalette.Part, _ kinds: [Float], _ source: LabPalette, _ target: LabPalette
    ) -> Change? {
        guard let own else { return nil }
        func mixture(_ palette: LabPalette, _ value: (ColorStatistics) -> SIMD3<Float>) -> SIMD3<Float> {
            zip(WhiteCellKind.allCases, kinds).reduce(.zero) { $0 + $1.1 * value(palette[part, $1.0]) }
        }
        let (expected, mean) = (mixture(source, \.mean), mixture(target, \.mean))
        let within = mixture(target, \.within)
        // How far the training lab's cells of these kinds lie apart, and how much of the difference is believed.
        let variance = mixture(target) { ($0.mean - mean) * ($0.mean - mean) + $0.between * $0.between }
        let share = variance / (variance + placeError * placeError)
        let spread =
            mixture(source) { ($0.mean - expected) * ($0.mean - expected) + $0.between * $0.between } + 1e-6
        let scale = (variance / spread)
            .squareRoot().clamped(lowerBound: SIMD3(repeating: 0.7), upperBound: SIMD3(repeating: 1.4))
        return Change(
            from: own.mean, own.deviation, to: mean + share * scale * (own.mean - expected), within)
    }

    /// The field of gains and offsets on the grid of the parts.
    func field(_ parts: SmearParts, workers: Workers) -> TransferField {
        precondition(parts.count == changes.count, "every part has its change")
        let table = changes.map { change in
            SIMD8(
                change.gain.x, change.gain.y, change.gain.z, 0, change.offset.x / 100, change.offset.y / 100,
                change.offset.z / 100, 0)
        }
        return TransferField(
            width: parts.width, height: parts.height,
            values: PartKernels.blurred(
                parts.indices, table: table, width: parts.width, height: parts.height, deviation: Self.blur,
                workers: workers))
    }

    /// A capture with each part's change applied, in CIELAB, not clipped to any gamut.
    package static func aligned(
        _ image: RGBImage, _ sight: AlignmentSight, by alignment: ClassAlignment, workers: Workers
    ) -> LabImage {
        let field = alignment.field(sight.parts, workers: workers)
        var lab = LabImage(image, workers: workers)
        guard sight.scale > 1 else { return field.apply(to: lab, workers: workers) }
        FastGuidedFilter(radius: 1, epsilon: 1e-5).upsampleAndApply(
            field, coarseLuminance: sight.luminance, fullLuminance: image.luminance(workers: workers),
            scale: sight.scale, to: &lab, workers: workers)
        return lab
    }
}
