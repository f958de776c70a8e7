import NCTEngine
import SmearPhantom
import Testing

@Suite("Restaining")
struct RestainingTests {
    /// A scene in a stain that is uniform over the field and free of noise.
    private func render(_ stain: Stain, seed: UInt64 = 21) -> RGBImage {
        var clean = stain.noiseless
        (clean.falloff, clean.blurSigma) = (0, 0)
        return SmearScene(seed: seed, width: 240, height: 180).render(in: clean)
    }

    private func difference(_ first: RGBImage, _ second: RGBImage) -> Double {
        CIEDE2000.mean(LabImage(first), LabImage(second))
    }

    private func codes(_ image: RGBImage) -> [UInt8] { image.samples.map { UInt8((255 * $0).rounded()) } }

    /// Random code values, black and white among them.
    private func noise(seed: UInt64) -> RGBImage {
        var generator = SeededGenerator(seed: seed)
        var samples = (0..<64 * 64 * 3).map { _ in Float(UInt8.random(in: 0...255, using: &generator)) / 255 }
        samples.replaceSubrange(0..<6, with: [0, 0, 0, 1, 1, 1])
        return RGBImage(width: 64, height: 64, samples: samples)
    }

    @Test("A restaining that changes nothing gives every code value back", arguments: 0..<5 as Range<UInt64>)
    func identity(seed: UInt64) {
        let smear = SmearScene(seed: seed, width: 160, height: 120).render(in: .random(seed), noiseSeed: seed)
        let rounded = RGBImage(width: 160, height: 120, samples: codes(smear).map { Float($0) / 255 })
        for image in [rounded, noise(seed: seed)] {
            let isSame = codes(Restaining().apply(to: image)) == codes(image)
            #expect(isSame, "seed \(seed)")
        }
    }

    @Test("Scaled dyes give what the phantom renders with them, within ΔE00 1", arguments: [Float(0.5), 1.6])
    func scaled(factor: Float) {
        let image = render(.labA)
        var restaining = Restaining()
        restaining.scale(eosin: factor, azure: factor, hemoglobin: factor)
        let truth = render(Stain.labA.scaled(by: factor))
        let error = difference(restaining.apply(to: image), truth)
        #expect(error < 1, "\(error)")
        #expect(difference(image, truth) > 5 * error)
    }

    @Test("Each dye is scaled by itself")
    func oneDye() {
        var restaining = Restaining()
        restaining.azureScale = 0.5
        var stain = Stain.labA
        stain.azureScale = 0.5
        let (image, truth) = (render(.labA), render(stain))
        let error = difference(restaining.apply(to: image), truth)
        #expect(error < 1, "\(error)")
        #expect(difference(image, truth) > 2 * error)
    }

    @Test("Light and exposure come out as they were asked for")
    func light() {
        var stain = Stain.labA
        (stain.light, stain.exposure) = (Stain.linear(red: 210, green: 200, blue: 160), 0.7)
        var restaining = Restaining()
        (restaining.light, restaining.exposure) = (stain.light, stain.exposure)
        let error = difference(restaining.apply(to: render(.labA)), render(stain))
        #expect(error < 1.5, "\(error)")
    }

    @Test("Other dyes and light turn lab A's smear into lab B's")
    func otherLab() {
        let (image, truth) = (render(.labA), render(.labB))
        let error = difference(RestainingPreset.otherLab.restaining.apply(to: image), truth)
        #expect(error < 1.5, "\(error)")
        #expect(difference(image, truth) > 10)
    }

    @Test("Every preset changes a smear visibly, and always by the same bytes", arguments: RestainingPreset.allCases)
    func presets(preset: RestainingPreset) {
        let image = SmearScene(seed: 5, width: 240, height: 180).render(in: .labA, noiseSeed: 5)
        let once = preset.restaining.apply(to: image)
        #expect(difference(once, image) > 1)
        #expect(preset.restaining.apply(to: image, workers: Workers(threads: 3)) == once)
        #expect(once.samples.allSatisfy { (0...1).contains($0) })
    }

    @Test("The amounts are the least squares among non-negative ones", arguments: 0..<200 as Range<UInt64>)
    func nonNegativeLeastSquares(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let unmixing = DyeUnmixing(.labA)
        let density = SIMD3<Float>.random(in: -0.3...1.5, using: &generator)
        let amounts = unmixing.amounts(density)
        #expect(amounts.min() >= 0, "seed \(seed)")
        // The conditions of Karush, Kuhn and Tucker: no dye's amount can be changed for the better.
        let rest = density - unmixing.mixed(amounts)
        for (dye, amount) in zip(
            [Stain.labA.eosin, Stain.labA.azure, Stain.labA.hemoglobin], [0, 1, 2].map { amounts[$0] })
        {
            let slope = (dye * rest).sum()
            #expect(slope < 2e-4, "seed \(seed)")
            #expect(amount == 0 || abs(slope) < 2e-4, "seed \(seed)")
        }
    }

    @Test("The light is the empty field's color, though cells cover most of it, and is found in a blank field")
    func lightEstimate() {
        for image in [render(.labA), SmearPhantom.blankField(seed: 3, stain: .labA)] {
            let found = Restaining.light(of: image)
            for channel in 0..<3 { #expect(abs(found[channel] - Stain.labA.light[channel]) < 0.06, "\(found)") }
        }
        let black = RGBImage(width: 4, height: 4, filledWith: (0, 0, 0))
        #expect(codes(Restaining().apply(to: black)) == codes(black))
    }
}
