import Foundation

/// How much each pixel counts when features are standardized, so that the mean and the deviation of a field do not
/// depend on how many cells of which kind happen to lie in it.
///
/// Plain standardization compares unlike with unlike: a field that a white cell fills has another mean than one
/// that shows twenty red cells, and the same tissue gets other values in both. Here background and red cells each
/// count half, whatever their shares, and white cells' nuclei do not count. The classes are rough and need no
/// learning: background is what lies near the brightest frequent color; by optical density over that, the rest is
/// nucleus where red light is absorbed much more than blue (azure), and cell otherwise.
package enum CompositionBalance {
    /// Weights a pixel, `height × width`, of mean about 1. All 1 if the image has no two classes.
    package static func weights(of image: RGBImage, workers: Workers) -> Plane {
        let count = image.pixelCount
        let plain = Plane(width: image.width, height: image.height, repeating: 1)
        guard count > 0 else { return plain }
        // Background: the mean of the pixels within a step of the most frequent luminance of the brighter half.
        let luminance = image.luminance(.rec601, workers: workers).values
        var histogram = [Int](repeating: 0, count: 128)
        for value in luminance { histogram[min(127, max(0, Int(value * 128)))] += 1 }
        var below = 0
        let median =
            histogram.firstIndex {
                below += $0; return below * 2 >= count
            } ?? 0
        func smoothed(_ bin: Int) -> Int { (max(0, bin - 1)...min(127, bin + 1)).reduce(0) { $0 + histogram[$1] } }
        let mode = (median...127).max { smoothed($0) < smoothed($1) } ?? 127
        var light: (Float, Float, Float) = (0, 0, 0)
        var lit: Float = 0
        for pixel in 0..<count where abs(luminance[pixel] * 128 - Float(mode) - 0.5) < 2 {
            light.0 += linear(image.samples[3 * pixel])
            light.1 += linear(image.samples[3 * pixel + 1])
            light.2 += linear(image.samples[3 * pixel + 2])
            lit += 1
        }
        guard lit > 0 else { return plain }
        // Optical density: over 8-bit steps by table.
        let table = (0...255).map { -log10(max(linear(Float($0) / 255), 1e-3)) }
        func density(_ value: Float) -> Float { table[min(255, max(0, Int((value * 255).rounded())))] }
        let base = (
            -log10(max(light.0 / lit, 1e-3)), -log10(max(light.1 / lit, 1e-3)), -log10(max(light.2 / lit, 1e-3))
        )
        var azure = [Float](repeating: 0, count: count)
        var isCell = [Bool](repeating: false, count: count)
        var azures = [Int](repeating: 0, count: 256)
        for pixel in 0..<count {
            let red = density(image.samples[3 * pixel]) - base.0
            let green = density(image.samples[3 * pixel + 1]) - base.1
            let blue = density(image.samples[3 * pixel + 2]) - base.2
            isCell[pixel] = green > 0.08
            azure[pixel] = red - blue
            azures[min(255, max(0, Int(azure[pixel] * 128)))] += 1
        }
        var above = 0
        let top =
            azures.indices.reversed().first {
                above += azures[$0]; return above * 1000 >= 3 * count
            } ?? 0
        let threshold = max(0.16, 0.45 * Float(top) / 128)
        var members = (background: 0, cell: 0)
        for pixel in 0..<count where azure[pixel] <= threshold {
            if isCell[pixel] { members.cell += 1 } else { members.background += 1 }
        }
        guard members.background * 50 > count, members.cell * 50 > count else { return plain }
        let half = Float(count) / 2
        let weights = (half / Float(members.background), half / Float(members.cell))
        var result = plain
        for pixel in 0..<count {
            result.values[pixel] = azure[pixel] > threshold ? 0 : isCell[pixel] ? weights.1 : weights.0
        }
        return result
    }

    private static func linear(_ value: Float) -> Float {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
