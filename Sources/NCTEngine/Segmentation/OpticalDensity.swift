import Foundation

/// Optical density over the field's own background, by pixel.
struct OpticalDensity: Sendable {
    let values: [SIMD3<Float>]

    /// A stain absorbs green by more than this share above the mean of red and blue.
    private static let greenExcess: Float = 0.08

    init(_ image: RGBImage, _ labels: LabelMap<RoughClass>, mask: DataMask?) {
        var (light, lit) = (SIMD3<Double>.zero, 0.0)
        for pixel in 0..<image.pixelCount
        where mask.isData(pixel) && labels[pixel] == .background {
            light += SIMD3(
                Double(SampleLight.light(of: image.samples[3 * pixel])),
                Double(SampleLight.light(of: image.samples[3 * pixel + 1])),
                Double(SampleLight.light(of: image.samples[3 * pixel + 2])))
            lit += 1
        }
        let base = SIMD3<Float>(
            Float(-log10(max(light.x / max(1, lit), 1e-3))), Float(-log10(max(light.y / max(1, lit), 1e-3))),
            Float(-log10(max(light.z / max(1, lit), 1e-3))))
        values = (0..<image.pixelCount).map { pixel in
            SIMD3(
                SampleLight.density(of: image.samples[3 * pixel]),
                SampleLight.density(of: image.samples[3 * pixel + 1]),
                SampleLight.density(of: image.samples[3 * pixel + 2])) - base
        }
    }

    /// Share of the cells' pixels whose strongest density is green's, 0…1; 0 if there are none.
    func stainedShare(_ labels: LabelMap<RoughClass>) -> Float {
        var (stained, all) = (0, 0)
        for (pixel, density) in values.enumerated() where labels[pixel] != .background {
            all += 1
            if density.y > 0, density.y - (density.x + density.z) / 2 > Self.greenExcess * density.y { stained += 1 }
        }
        return all == 0 ? 0 : Float(stained) / Float(all)
    }
}
