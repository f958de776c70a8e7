/// Which images of the training lab to take as references: ordinary in their background and red cells, and together
/// representative of the white cells that occur.
///
/// A color that no reference shows cannot be transferred: with the lab's medoid alone, which may show one rare cell,
/// all other white cells' cytoplasm finds no match and pales. So the white cells are compared by the colors of their
/// nuclei and cytoplasm, and the references are the medoids of that population: the images for which the sum over the
/// lab of each cell's likeness to the nearest of them is greatest (facility location; greedy, then exchanged one by one
/// until no exchange helps: Kaufman and Rousseeuw 1990, PAM).
public struct ReferenceSuggestion: Sendable, Equatable, Codable {
    /// One chosen image.
    public struct Choice: Sendable, Equatable, Codable {
        /// Position in the list of descriptors.
        public var index: Int
        /// Share of the lab's white cells that are more like this one than like any other chosen, 0…1.
        public var share: Float
        /// How far its background and red cells are from the lab's median, in robust deviations (1 is ordinary).
        public var deviation: Float
    }

    /// Share of the lab's colors within about two histogram steps (6 ΔE*ab) of a color of the references, 0…1.
    public struct Coverage: Sendable, Equatable, Codable {
        public var nucleus: Float
        public var cytoplasm: Float
        public var redCell: Float
    }

    /// The one that stands for most cells first.
    public var chosen: [Choice]
    public var coverage: Coverage
    /// Images whose ordinary colors are outliers of the lab.
    public var outliers: [Int]

    /// Images whose ordinary colors deviate by more are outliers, and no candidates.
    package static let greatestDeviation: Float = 3
    /// Candidates deviate by no more than this, where there are enough of them.
    static let ordinaryDeviation: Float = 1.5

    /// Chooses `count` of the images. Cost: candidates × images × colors an image, and as much an exchange.
    ///
    /// Throws ``EngineError/Code/unusableReference`` if fewer images are ordinary smears with a whole white cell.
    public static func suggest(from descriptors: [SmearDescriptor], count: Int) throws -> ReferenceSuggestion {
        guard count >= 1 else {
            throw EngineError(
                .invalidParameter, "\(count) references were asked for", subject: .parameter("count"),
                remedy: "ask for 1 to 3")
        }
        let deviations = Self.deviations(descriptors)
        let ordinary = descriptors.indices.filter { deviations[$0] <= greatestDeviation }
        let candidates = Self.candidates(descriptors, deviations: deviations, count: count)
        guard candidates.count >= count else {
            throw EngineError(
                .unusableReference,
                "only \(candidates.count) of \(descriptors.count) images are ordinary smears with a whole white cell",
                subject: .references,
                remedy: "give more images of the training lab, each with at least one white cell")
        }
        let cells = ordinary.filter { descriptors[$0].nucleusShare > 0.005 }
        let likeness = candidates.map { candidate in
            cells.map { descriptors[candidate].cellLikeness(to: descriptors[$0]) }
        }
        let medoids = Medoids.choose(count, likeness: likeness)
        let chosen = zip(medoids.chosen, medoids.shares).map { position, share in
            Choice(index: candidates[position], share: share, deviation: deviations[candidates[position]])
        }.sorted { ($1.share, $0.index) < ($0.share, $1.index) }
        var covered = CoveredColors()
        for choice in chosen { covered.insert(descriptors[choice.index]) }
        return ReferenceSuggestion(
            chosen: chosen, coverage: covered.coverage(of: ordinary.map { descriptors[$0] }),
            outliers: descriptors.indices.filter { deviations[$0] > greatestDeviation })
    }

    /// Images that could serve: ordinary, with a whole white cell, red cells and background; platelets and closer
    /// ordinary colors where that leaves a choice.
    private static func candidates(_ descriptors: [SmearDescriptor], deviations: [Float], count: Int) -> [Int] {
        var result = descriptors.indices.filter { index in
            let image = descriptors[index]
            return deviations[index] <= greatestDeviation && !image.isCut && image.nucleusShare > 0.005
                && image.cytoplasmShare > 0.005 && image.backgroundShare > 0.15 && !image.redCellColors.isEmpty
        }
        let enough = max(10 * count, result.count / 10)
        for isBetter in [
            { deviations[$0] <= ordinaryDeviation }, { descriptors[$0].hasPlatelets },
        ] as [(Int) -> Bool] {
            let better = result.filter(isBetter)
            if better.count >= enough { result = better }
        }
        return result
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
