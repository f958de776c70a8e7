/// The colors of one field's classes and white cells, with what kind each cell may be: all that a palette is learned
/// from and that an alignment needs of a capture.
package struct FieldColors: Sendable {
    package struct Cell: Sendable {
        /// Probability of each kind, in the order of ``WhiteCellKind``.
        package var kinds: [Float]
        /// What kinds are told from, where it was kept.
        package var window: KindWindow?
        /// Nil where hardly any is seen.
        package var cytoplasm: PartColor?
        package var nucleus: PartColor?

        package init(kinds: [Float], window: KindWindow? = nil, cytoplasm: PartColor?, nucleus: PartColor?) {
            self.kinds = kinds
            self.window = window
            self.cytoplasm = cytoplasm
            self.nucleus = nucleus
        }

        subscript(part: LabPalette.Part) -> PartColor? {
            switch part {
            case .cytoplasm: cytoplasm
            case .nucleus: nucleus
            }
        }
    }

    package var background: PartColor?
    package var redCell: PartColor?
    package var platelet: PartColor?
    package var cells: [Cell]

    /// Fewer pixels have no color of their own.
    private static let leastPixels = 30
    /// A class of the field counts from this share of its pixels on.
    private static let leastShare = 0.003

    /// Measures a field. Pixels beside another part are left out where enough others remain, for they mix two colors.
    ///
    /// - Parameters:
    ///   - mask: the pixels that count.
    ///   - kinds: of each cell of the parts.
    ///   - windows: of its first cells, or of all.
    package init(
        _ lab: LabImage, _ parts: SmearParts, mask: DataMask? = nil, kinds: [[Float]], windows: [KindWindow] = []
    ) {
        let sums = Self.sums(lab, parts, mask)
        let least = max(Self.leastPixels, Int(Self.leastShare * Double(mask?.count ?? lab.pixelCount)))
        background = sums[SmearParts.background].part(least: least)
        redCell = sums[SmearParts.redCell].part(least: least)
        platelet = sums[SmearParts.platelet].part(least: Self.leastPixels)
        cells = (0..<parts.cellCount).map { cell in
            Cell(
                kinds: kinds[cell], window: windows.indices.contains(cell) ? windows[cell] : nil,
                cytoplasm: sums[SmearParts.cytoplasm(ofCell: cell)].part(least: Self.leastPixels),
                nucleus: sums[SmearParts.nucleus(ofCell: cell)].part(least: Self.leastPixels))
        }
    }

    /// First and second moments of a part's inner pixels, and of all.
    private struct Sums {
        var inner = Moments()
        var all = Moments()

        func part(least: Int) -> PartColor? {
            let moments = inner.count >= least ? inner : all
            return moments.count >= least ? moments.part : nil
        }
    }

    private struct Moments {
        var sum = SIMD3<Double>.zero
        var squares = SIMD3<Double>.zero
        var count = 0

        mutating func add(_ color: SIMD3<Float>) {
            let color = SIMD3<Double>(color)
            sum += color
            squares += color * color
            count += 1
        }

        var part: PartColor {
            let mean = sum / Double(count)
            let variance = squares / Double(count) - mean * mean
            return PartColor(
                mean: SIMD3<Float>(mean),
                deviation: SIMD3<Float>(variance.replacing(with: 0, where: variance .< 0).squareRoot()), pixels: count)
        }
    }

    private static func sums(_ lab: LabImage, _ parts: SmearParts, _ mask: DataMask?) -> [Sums] {
        precondition(lab.pixelCount == parts.indices.count, "every pixel has its part")
        var sums = [Sums](repeating: Sums(), count: parts.count)
        let (width, height) = (parts.width, parts.height)
        parts.indices.withUnsafeBufferPointer { indices in
            for y in 0..<height {
                for x in 0..<width where mask.isData(y * width + x) {
                    let pixel = y * width + x
                    let part = indices[pixel]
                    let isInner =
                        (x == 0 || indices[pixel - 1] == part) && (x == width - 1 || indices[pixel + 1] == part)
                        && (y == 0 || indices[pixel - width] == part)
                        && (y == height - 1 || indices[pixel + width] == part)
                        && mask?.isAtEdge(pixel) != true
                    let color = lab[pixel]
                    sums[Int(part)].all.add(color)
                    if isInner { sums[Int(part)].inner.add(color) }
                }
            }
        }
        return sums
    }
}
