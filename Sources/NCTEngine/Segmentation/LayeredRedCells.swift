import Foundation

/// Red cells that are dense, folded or lie over others, which look like nuclei in a field that shows no nucleus.
///
/// They have the color of the field's red cells, only more of it: densities of one dye add up (Beer and Lambert), so that
/// what they absorb of red, green and blue light keeps its proportions. Nuclei are of another dye, or many times as dense.
enum LayeredRedCells {
    /// The absorption of red, green and blue is of the red cells' kind up to this angle. Of labs A and B's nuclei none is
    /// nearer than 11 degrees, of lab E's red cells that are taken for nuclei nine in ten are nearer than 8.
    private static let greatestAngle: Float = 9
    /// Two layers, and what lies above the median of one.
    private static let mostLayers: Float = 2.2

    /// Whether a field shows enough of red cells to tell their color: twice as much as of nuclei. In a picture of one white
    /// cell what little is taken for red cells is often a part of that cell, whose nucleus then looks like more of the same:
    /// so it was with the three of 200 pictures of labs C and D whose only cell was lost without this.
    static func isTold(redPixels: Int, nucleusPixels: Int) -> Bool { redPixels >= 2 * nucleusPixels }

    /// The nuclei without the connected spots that are red cells. Cost linear in the pixels.
    ///
    /// - Parameters:
    ///   - colors: the field's, of the mask's grid.
    ///   - ground, red: of its background and of its red cells.
    static func removed(
        from nuclei: PixelMask, _ colors: LabImage, ground: SIMD3<Float>, red: SIMD3<Float>
    ) -> PixelMask {
        let spots = ConnectedSpots(nuclei)
        var sums = [SIMD3<Float>](repeating: .zero, count: spots.areas.count)
        for (pixel, spot) in spots.labels.enumerated() where spot >= 0 { sums[Int(spot)] += colors[pixel] }
        let means = zip(sums, spots.areas).map { $0 / Float($1) }
        let absorbed = densities(of: [ground, red] + means)
        let one = absorbed[1] - absorbed[0]
        return spots.mask { !isLayered(absorbed[2 + $0] - absorbed[0], of: one) }
    }

    /// Whether a density is that of one or two layers of what has another.
    private static func isLayered(_ density: SIMD3<Float>, of one: SIMD3<Float>) -> Bool {
        let (length, unit) = ((density * density).sum().squareRoot(), (one * one).sum().squareRoot())
        guard length > 0, unit > 0, length <= mostLayers * unit else { return false }
        return (density * one).sum() >= length * unit * leastCosine
    }

    private static let leastCosine = Float(cos(Double(greatestAngle) * .pi / 180))

    /// Of the light of colors in CIELAB.
    private static func densities(of colors: [SIMD3<Float>]) -> [SIMD3<Float>] {
        let image = LabImage(width: colors.count, height: 1, samples: colors.flatMap { [$0.x, $0.y, $0.z] })
        let samples = image.rgbImage().image.samples.map(SampleLight.density(of:))
        return colors.indices.map { SIMD3(samples[3 * $0], samples[3 * $0 + 1], samples[3 * $0 + 2]) }
    }
}
