import NCTEngine
import Testing

@Suite("Color conversion")
struct ColorConversionTests {
    private func randomColors(seed: UInt64, count: Int) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count * 3).map { _ in Float.random(in: 0...1, using: &generator) }
    }

    @Test("Known colors have their published CIELAB coordinates")
    func knownColors() {
        // Lindbloom's calculator, sRGB, D65.
        let known: [([Float], [Float])] = [
            ([1, 1, 1], [100, 0, 0]), ([0, 0, 0], [0, 0, 0]), ([1, 0, 0], [53.2408, 80.0925, 67.2032]),
            ([0, 1, 0], [87.7347, -86.1827, 83.1793]), ([0, 0, 1], [32.2970, 79.1875, -107.8602]),
        ]
        for (rgb, expected) in known {
            let lab = LabImage(RGBImage(width: 1, height: 1, samples: rgb)).samples
            for channel in 0..<3 { #expect(abs(lab[channel] - expected[channel]) < 0.02, "\(rgb): \(lab)") }
        }
    }

    @Test("Converted in place, the same bytes come out, and nothing is left")
    func inPlace() {
        var lab = LabImage(width: 97, height: 31, samples: randomColors(seed: 4, count: 97 * 31).map { 100 * $0 })
        let expected = lab.rgbImage(workers: Workers(threads: 2))
        let taken = lab.takeRGBImage(workers: Workers(threads: 2))
        #expect(taken.image == expected.image && taken.clipped == expected.clipped)
        #expect(lab.samples.isEmpty)
    }

    @Test("The fast conversions agree with their scalar twins", arguments: [1, 2, 3] as [UInt64])
    func twins(seed: UInt64) {
        let rgb = randomColors(seed: seed, count: 10_007)
        let (fast, slow) = ColorKernels.labFromSRGB(rgb)
        #expect(zip(fast, slow).allSatisfy { abs($0 - $1) < 2e-3 }, "seed \(seed)")
        // Lab colors inside and outside of the gamut.
        var lab = slow
        for index in stride(from: 0, to: lab.count, by: 3) where index % 2 == 0 { lab[index + 1] *= 1.5 }
        let ((fastBack, fastClipped), (slowBack, slowClipped)) = ColorKernels.sRGBFromLab(lab)
        #expect(zip(fastBack, slowBack).allSatisfy { abs($0 - $1) < 2e-4 }, "seed \(seed)")
        #expect(abs(fastClipped - slowClipped) <= 3 && slowClipped > 100, "\(fastClipped) \(slowClipped)")
        let weights: (Float, Float, Float) = (0.299, 0.587, 0.114)
        let (fastLuminance, slowLuminance) = ColorKernels.luminance(rgb, weights: weights)
        #expect(zip(fastLuminance, slowLuminance).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("Every 8-bit gray and many colors survive the way to CIELAB and back")
    func roundTrip() {
        var rgb = (0...255).flatMap { value in [Float](repeating: Float(value) / 255, count: 3) }
        rgb += randomColors(seed: 4, count: 5000)
        let image = RGBImage(width: rgb.count / 3, height: 1, samples: rgb)
        let (back, clipped) = LabImage(image).rgbImage()
        #expect(clipped == 0)
        for (before, after) in zip(rgb, back.samples) { #expect(abs(before - after) < 0.2 / 255) }
    }

    @Test("Rec. 601 and Rec. 709 weigh a pure green differently")
    func luminance() {
        let green = RGBImage(width: 1, height: 1, samples: [0, 1, 0])
        #expect(green.luminance(.rec601).values == [0.587])
        #expect(green.luminance(.rec709).values == [0.7152])
    }
}
