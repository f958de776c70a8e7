import Foundation

/// A segmentation into background, cell and nucleus by optical density alone: no learning, any stain, a few
/// milliseconds.
///
/// Background is what lies near the most frequent luminance of the brighter half; its mean is the light of the empty
/// field. Over that, a pixel is a cell if it absorbs green light, and nucleus if it absorbs red much more than blue
/// (azure does, eosin and hemoglobin do not).
package struct RoughSegmentation: Sendable {
    package static let background: UInt8 = 0
    package static let cell: UInt8 = 1
    package static let nucleus: UInt8 = 2

    /// ``background``, ``cell`` or ``nucleus`` a pixel.
    package let labels: LabelMap
    /// Pixels of each.
    package let counts: [Int]

    /// Optical density of green light that makes a pixel a cell.
    private static let cellDensity: Float = 0.08
    /// Least red-over-blue density of a nucleus, and its share of the field's strongest.
    private static let azureDensity: Float = 0.16
    private static let azureShare: Float = 0.45

    package init(_ image: RGBImage, workers: Workers) {
        let count = image.pixelCount
        var labels = LabelMap(width: image.width, height: image.height)
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
        let table = (0...255).map { -log10(max(Self.linear(Float($0) / 255), 1e-3)) }
        func density(_ value: Float) -> Float { table[min(255, max(0, Int((value * 255).rounded())))] }
        var light: (Float, Float, Float) = (0, 0, 0)
        var lit: Float = 0
        image.samples.withUnsafeBufferPointer { samples in
            for pixel in 0..<count where abs(luminance[pixel] * 128 - Float(mode) - 0.5) < 2 {
                light.0 += Self.linear(samples[3 * pixel])
                light.1 += Self.linear(samples[3 * pixel + 1])
                light.2 += Self.linear(samples[3 * pixel + 2])
                lit += 1
            }
            guard lit > 0 else { return }
            let base = (
                -log10(max(light.0 / lit, 1e-3)), -log10(max(light.1 / lit, 1e-3)), -log10(max(light.2 / lit, 1e-3))
            )
            var azure = [Float](repeating: 0, count: count)
            var azures = [Int](repeating: 0, count: 256)
            for pixel in 0..<count {
                azure[pixel] = density(samples[3 * pixel]) - base.0 - density(samples[3 * pixel + 2]) + base.2
                azures[min(255, max(0, Int(azure[pixel] * 128)))] += 1
                if density(samples[3 * pixel + 1]) - base.1 > Self.cellDensity { labels.labels[pixel] = Self.cell }
            }
            var above = 0
            let strongest = azures.indices.reversed().first {
                above += azures[$0]; return above * 1000 >= 3 * count
            }
            let threshold = max(Self.azureDensity, Self.azureShare * Float(strongest ?? 0) / 128)
            for pixel in 0..<count where azure[pixel] > threshold { labels.labels[pixel] = Self.nucleus }
        }
        var counts = [0, 0, 0]
        for label in labels.labels { counts[Int(label)] += 1 }
        self.labels = labels
        self.counts = counts
    }

    private static func linear(_ value: Float) -> Float {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
