/// What a field shows, apart from how it is stained: for the choice of the reference that suits a capture best.
///
/// A white cell's kind is told by the size and shape of its nucleus and by its cytoplasm. The cytoplasm's color is
/// made comparable between stains by optical densities: a pixel around a nucleus is written as α · (mean of the red
/// cells) + β · (mean of the nuclei) by least squares, over the field's own background. Another stain, light or
/// camera changes those means and the pixel alike, so (α, β) nearly stay: the orange granules of an eosinophil have
/// much α, the blue cytoplasm of a lymphocyte or monocyte much β, that of a neutrophil little of either. Both are
/// clipped (α to 0…0.6, β to 0…0.5), since how *much* more eosin there is than hemoglobin does depend on the stain.
package struct FieldContents: Sendable, Equatable, Codable {
    /// Share of pixels that are not background, 0…1.
    package let foregroundShare: Float
    /// Mean area of the nuclei in red cells; 0 if there is none.
    package let nucleusArea: Float
    /// Area-weighted 4π · area / perimeter² of the nuclei: high for a round one, low for lobes.
    package let roundness: Float
    /// Sorted quantiles of α and of β around the nuclei; empty if there is none.
    package let redness: [Float]
    package let blueness: [Float]

    private static let quantiles = 16
    private static let greatestRedness: Float = 0.6
    private static let greatestBlueness: Float = 0.5

    init(density: OpticalDensity, labels: LabelMap<RoughClass>, nuclei: RoughNuclei, foregroundShare: Float) {
        self.foregroundShare = foregroundShare
        let spots = nuclei.spots
        let least = nuclei.least
        let large = spots.areas.indices.filter { spots.areas[$0] >= least }
        let area = large.reduce(0) { $0 + spots.areas[$1] }
        guard let unit = nuclei.redCellArea, area > 0 else {
            (nucleusArea, roundness, redness, blueness) = (0, 0, [], [])
            return
        }
        nucleusArea = Float(area) / Float(large.count) / unit
        let mask = spots.mask { spots.areas[$0] >= least }
        // Perimeters: pixels of a nucleus with a neighbor outside.
        var perimeters = [Int](repeating: 0, count: spots.areas.count)
        for (pixel, spot) in spots.labels.enumerated() where mask.isSet[pixel] {
            if mask.isAtEdge(pixel) || mask.isAtBorder(pixel) { perimeters[Int(spot)] += 1 }
        }
        roundness =
            large.reduce(Float(0)) { sum, spot in
                let (a, p) = (Float(spots.areas[spot]), Float(max(1, perimeters[spot])))
                return sum + a * min(1, 4 * .pi * a / (p * p))
            } / Float(area)
        let radius = max(2, Int(0.5 * (Float(area) / Float(large.count) / .pi).squareRoot()))
        let near = mask.grown(by: radius).isSet
        var (red, redCount, blue, blueCount) = (SIMD3<Float>.zero, Float(0), SIMD3<Float>.zero, Float(0))
        for (pixel, value) in density.values.enumerated() {
            if mask.isSet[pixel] {
                blue += value
                blueCount += 1
            } else if !near[pixel], labels[pixel] == .cell {
                red += value
                redCount += 1
            }
        }
        red /= max(1, redCount)
        blue /= max(1, blueCount)
        let (rr, rb, bb) = ((red * red).sum(), (red * blue).sum(), (blue * blue).sum())
        let determinant = rr * bb - rb * rb
        guard redCount > 0, determinant > 1e-6 * rr * bb else {
            (redness, blueness) = ([], [])
            return
        }
        var (alphas, betas): ([Float], [Float]) = ([], [])
        for pixel in near.indices where near[pixel] && labels[pixel] != .nucleus {
            let value = density.values[pixel]
            let (vr, vb) = ((value * red).sum(), (value * blue).sum())
            alphas.append(min(Self.greatestRedness, max(0, (vr * bb - vb * rb) / determinant)))
            betas.append(min(Self.greatestBlueness, max(0, (vb * rr - vr * rb) / determinant)))
        }
        redness = Self.quantiles(of: alphas)
        blueness = Self.quantiles(of: betas)
    }

    /// How little a reference's contents suit a capture's, 0 and more.
    ///
    /// The mean difference of the quantiles of α and, twice, of β, plus a little for the ratio of the nuclei's areas,
    /// for their roundness, and for the shares of foreground, which alone decide where no white cell is.
    package func distance(to other: FieldContents) -> Float {
        let share = 0.1 * abs(foregroundShare - other.foregroundShare)
        // A reference with white cells serves a capture without them, but the one without serves it better.
        guard nucleusArea > 0, other.nucleusArea > 0 else { return share + (nucleusArea == other.nucleusArea ? 0 : 1) }
        func difference(_ a: [Float], _ b: [Float]) -> Float {
            guard a.count == b.count, !a.isEmpty else { return a.isEmpty && b.isEmpty ? 0 : 0.5 }
            return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / Float(a.count)
        }
        let ratio = nucleusArea / other.nucleusArea
        let size = abs(ratio < 1 ? 1 - 1 / ratio : ratio - 1)
        return difference(redness, other.redness) + 2 * difference(blueness, other.blueness) + 0.1 * min(2, size)
            + 0.25 * abs(roundness - other.roundness) + share
    }

    private static func quantiles(of values: [Float]) -> [Float] {
        guard !values.isEmpty else { return [] }
        let sorted = values.sorted()
        return (0..<quantiles).map { sorted[min(sorted.count - 1, (2 * $0 + 1) * sorted.count / (2 * quantiles))] }
    }
}
