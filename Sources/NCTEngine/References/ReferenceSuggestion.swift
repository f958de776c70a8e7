/// Which images of the training lab to take as references: ordinary in their background and red cells, and together
/// covering the white cells that occur.
///
/// A color that no reference shows cannot be transferred: with the lab's medoid alone, which may show one rare cell,
/// all other white cells' cytoplasm finds no match and pales. So among the lab's ordinary images those are chosen,
/// one after the other, that add most to the share of the whole lab's colors lying near a reference's color: a greedy
/// maximum of a submodular function, within 1 − 1/e of the best (Nemhauser, Wolsey, Fisher 1978).
public struct ReferenceSuggestion: Sendable, Equatable, Codable {
    /// One chosen image.
    public struct Choice: Sendable, Equatable, Codable {
        /// Position in the list of descriptors.
        public var index: Int
        /// What it adds to the coverage, 0…1.
        public var gain: Float
        /// How far its background and red cells are from the lab's median, in robust deviations (1 is ordinary).
        public var deviation: Float
    }

    /// Share of the lab's colors within about two histogram steps (6 ΔE*ab) of a color of the references, 0…1.
    public struct Coverage: Sendable, Equatable, Codable {
        public var nucleus: Float
        public var cytoplasm: Float
        public var redCell: Float
    }

    /// In the order of choice: the first adds most.
    public var chosen: [Choice]
    public var coverage: Coverage
    /// Images whose ordinary colors are outliers of the lab.
    public var outliers: [Int]

    /// Images whose ordinary colors deviate by more are no candidates.
    static let greatestDeviation: Float = 3
    /// Cytoplasm decides most: it varies most between kinds, and detectors' boxes end where it ends.
    private static let weights: (nucleus: Float, cytoplasm: Float, redCell: Float) = (0.3, 0.5, 0.2)

    /// Chooses `count` of the images. Cost: candidates × images × colors an image.
    ///
    /// Throws ``EngineError/Code/unusableReference`` if fewer images are ordinary smears with a whole white cell.
    public static func suggest(from descriptors: [SmearDescriptor], count: Int) throws -> ReferenceSuggestion {
        guard count >= 1 else {
            throw EngineError(.invalidParameter, "\(count) references were asked for", place: "count", remedy: "ask for 1 to 3")
        }
        let deviations = Self.deviations(descriptors)
        let outliers = descriptors.indices.filter { deviations[$0] > greatestDeviation }
        // Candidates: ordinary, with a whole white cell, red cells and background; platelets where possible.
        let whole = descriptors.indices.filter { index in
            let image = descriptors[index]
            return deviations[index] <= greatestDeviation && !image.isCut && image.nucleusShare > 0.005
                && image.cytoplasmShare > 0.005 && image.backgroundShare > 0.15 && !image.redCellColors.isEmpty
        }
        let withPlatelets = whole.filter { descriptors[$0].hasPlatelets }
        let candidates = withPlatelets.count >= max(20 * count, whole.count / 10) ? withPlatelets : whole
        guard candidates.count >= count else {
            throw EngineError(
                .unusableReference,
                "only \(candidates.count) of \(descriptors.count) images are ordinary smears with a whole white cell",
                place: "references", remedy: "give more images of the training lab, each with at least one white cell")
        }
        let lab = descriptors.indices.filter { deviations[$0] <= greatestDeviation }.map { descriptors[$0] }
        var covered = Covered()
        var chosen: [Choice] = []
        var total: Float = 0
        for _ in 0..<count {
            var best: (index: Int, covered: Covered, value: Float)?
            for index in candidates where !chosen.contains(where: { $0.index == index }) {
                let union = covered.adding(descriptors[index])
                let value = union.value(over: lab, weights: weights) - 0.002 * deviations[index]
                if value > (best?.value ?? -.infinity) { best = (index, union, value) }
            }
            guard let best else { break }
            covered = best.covered
            let value = covered.value(over: lab, weights: weights)
            chosen.append(Choice(index: best.index, gain: value - total, deviation: deviations[best.index]))
            total = value
        }
        return ReferenceSuggestion(chosen: chosen, coverage: covered.coverage(of: lab), outliers: outliers)
    }

    /// For each image the greatest deviation of its background's and red cells' color from the lab's median, over the
    /// lab's median absolute deviation (at least 0.7 ΔE*ab, as 1.4826 MAD estimates σ).
    private static func deviations(_ descriptors: [SmearDescriptor]) -> [Float] {
        let values = descriptors.map { image in
            [
                image.background.x, image.background.y, image.background.z, image.redCell.x, image.redCell.y,
                image.redCell.z,
            ]
        }
        var result = [Float](repeating: 0, count: descriptors.count)
        for dimension in 0..<6 {
            let column = values.map { $0[dimension] }
            let center = median(column)
            let spread = 1.4826 * max(0.7, median(column.map { abs($0 - center) }))
            for index in result.indices { result[index] = max(result[index], abs(column[index] - center) / spread) }
        }
        return result
    }

    private static func median(_ values: [Float]) -> Float {
        values.isEmpty ? 0 : values.sorted()[values.count / 2]
    }
}

/// The colors near those of the chosen references, by class.
private struct Covered {
    var nucleus = ColorSet()
    var cytoplasm = ColorSet()
    var redCell = ColorSet()

    func adding(_ image: SmearDescriptor) -> Covered {
        var result = self
        result.nucleus.insertNeighborhood(of: image.nucleusColors)
        result.cytoplasm.insertNeighborhood(of: image.cytoplasmColors)
        result.redCell.insertNeighborhood(of: image.redCellColors)
        return result
    }

    func coverage(of lab: [SmearDescriptor]) -> ReferenceSuggestion.Coverage {
        func mean(_ share: (SmearDescriptor) -> Float) -> Float {
            lab.reduce(0) { $0 + share($1) } / Float(max(1, lab.count))
        }
        return ReferenceSuggestion.Coverage(
            nucleus: mean { nucleus.share(of: $0.nucleusColors) },
            cytoplasm: mean { cytoplasm.share(of: $0.cytoplasmColors) },
            redCell: mean { redCell.share(of: $0.redCellColors) })
    }

    func value(
        over lab: [SmearDescriptor], weights: (nucleus: Float, cytoplasm: Float, redCell: Float)
    ) -> Float {
        let coverage = coverage(of: lab)
        return weights.nucleus * coverage.nucleus + weights.cytoplasm * coverage.cytoplasm
            + weights.redCell * coverage.redCell
    }
}

/// A set of histogram cells.
private struct ColorSet {
    private var bits = [UInt64](
        repeating: 0,
        count: (SmearDescriptor.bins.lightness * SmearDescriptor.bins.chroma * SmearDescriptor.bins.chroma + 63) / 64)

    /// Adds the given cells and the 26 around each.
    mutating func insertNeighborhood(of colors: [SmearDescriptor.ColorBin]) {
        let chroma = SmearDescriptor.bins.chroma
        for color in colors {
            for l in -1...1 {
                for u in -1...1 {
                    for v in -1...1 {
                        let bin = Int(color.bin) + (l * chroma + u) * chroma + v
                        bits[bin >> 6] |= 1 << UInt64(bin & 63)
                    }
                }
            }
        }
    }

    /// The share of the given colors that are in the set; 1 if there are none.
    func share(of colors: [SmearDescriptor.ColorBin]) -> Float {
        guard !colors.isEmpty else { return 1 }
        var inside: Float = 0
        var total: Float = 0
        for color in colors {
            total += color.share
            if bits[Int(color.bin) >> 6] & (1 << UInt64(color.bin & 63)) != 0 { inside += color.share }
        }
        return inside / total
    }
}
