import NCTEngine
import SmearPhantom
import Testing

@Suite("Color palette")
struct ColorPaletteTests {
    /// A smear's colors and a segmentation of it.
    private func smear(_ seed: UInt64, _ stain: Stain = .labB) -> (lab: LabImage, classes: LabelMap<RoughClass>) {
        let image = SmearScene(seed: seed, width: 200, height: 150).render(in: stain, noiseSeed: seed)
        return (LabImage(image), RoughSegmentation(image, workers: Workers(threads: 1)).labels)
    }

    private func shifted(_ lab: LabImage, by shift: SIMD3<Float>) -> LabImage {
        var result = lab
        for pixel in 0..<lab.pixelCount {
            for channel in 0..<3 { result.samples[3 * pixel + channel] += shift[channel] }
        }
        return result
    }

    @Test("A palette is at distance 0 from itself, and from the same colors in another order")
    func identity() {
        let (lab, classes) = smear(1)
        let palette = ColorPalette(lab, classes: classes)
        #expect(palette.distance(to: palette) == 0)
        var (turned, labels) = (lab, classes)
        for pixel in 0..<lab.pixelCount {
            let other = lab.pixelCount - 1 - pixel
            for channel in 0..<3 { turned.samples[3 * pixel + channel] = lab.samples[3 * other + channel] }
            labels[pixel] = classes[other]
        }
        #expect(palette.distance(to: ColorPalette(turned, classes: labels)) < 1e-5)
    }

    @Test("Shifting all colors by so many ΔE moves the palette by as many, in any direction, to a twentieth")
    func shift() {
        let (lab, classes) = smear(2)
        let palette = ColorPalette(lab, classes: classes)
        for direction in [
            SIMD3<Float>(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1), SIMD3(0.577, 0.577, -0.577), SIMD3(0, -0.8, 0.6),
        ] {
            var last: Float = 0
            for length in [Float(2), 5, 10, 20] {
                let moved = ColorPalette(shifted(lab, by: length * direction), classes: classes)
                let distance = palette.distance(to: moved)
                #expect(abs(distance - length) < 0.05 * length + 0.1, "\(direction) \(length): \(distance)")
                #expect(distance == moved.distance(to: palette) && distance > last)
                last = distance
            }
        }
    }

    @Test("How much of the field each class fills does not matter")
    func shares() {
        // The lower half of the field twice over, as background only: twice the background, the same cells.
        let (lab, classes) = smear(3)
        let pixels = (0..<lab.pixelCount).filter { classes[$0] == .background }
        let padded = LabImage(
            width: lab.pixelCount + pixels.count, height: 1,
            samples: lab.samples + pixels.flatMap { lab.samples[3 * $0..<3 * $0 + 3] })
        let labels = LabelMap<RoughClass>(
            width: padded.width, height: 1,
            bytes: classes.bytes + [UInt8](repeating: RoughClass.background.rawValue, count: pixels.count))
        let palette = ColorPalette(lab, classes: classes)
        #expect(palette.distance(to: ColorPalette(padded, classes: labels)) < 1e-3)
    }

    @Test("A class that one of the two lacks does not count")
    func missingClass() {
        let (lab, classes) = smear(4)
        let image = SmearPhantom.fieldWithoutWhiteCells(seed: 4, width: 200, height: 150)
        let without = ColorPalette(
            LabImage(image),
            classes: LabelMap(
                width: 200, height: 150,
                bytes: RoughSegmentation(image, workers: Workers(threads: 1)).labels.bytes.map { min(1, $0) }))
        let with = ColorPalette(lab, classes: classes)
        #expect(without.distance(to: with, class: .nucleus) == nil)
        let background = without.distance(to: with, class: .background) ?? -1
        let cell = without.distance(to: with, class: .cell) ?? -1
        #expect(abs(without.distance(to: with) - (background + cell) / 2) < 1e-5)
        #expect(abs(with.distance(to: without, ignoringNuclei: true) - (background + cell) / 2) < 1e-5)
    }

    @Test("The same stain is nearer than another, also against several references at once")
    func stains() {
        let pooled = ColorPalette(
            pooling: (UInt64(10)..<13).map { seed -> ColorPalette in
                let (lab, classes) = smear(seed, .labA)
                return ColorPalette(lab, classes: classes)
            })
        for seed in UInt64(20)..<24 {
            let (a, b) = (smear(seed, .labA), smear(seed, .labB))
            let near = ColorPalette(a.lab, classes: a.classes).distance(to: pooled)
            let far = ColorPalette(b.lab, classes: b.classes).distance(to: pooled)
            #expect(near < far / 2, "\(near) \(far)")
        }
    }

    @Test("The number of threads does not change a palette")
    func threads() {
        let (lab, classes) = smear(5)
        let palettes = [1, 2, 3].map { ColorPalette(lab, classes: classes, workers: Workers(threads: $0)) }
        #expect(palettes[0] == palettes[1] && palettes[0] == palettes[2])
    }
}
