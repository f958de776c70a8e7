import NCTEngine
import SmearPhantom
import Testing

@Suite("Pairs and bad fields")
struct PhantomPairTests {
    @Test("References show other scenes with the same kinds of white cells", arguments: 0..<5 as Range<UInt64>)
    func references(seed: UInt64) {
        let pair = SmearPhantom.pair(
            seed: seed, source: .labB, reference: .labA, width: 320, height: 240, referenceCount: 2)
        #expect(pair.references.count == 2)
        for scene in pair.referenceScenes {
            #expect(scene.classes != pair.classes)
            #expect(Set(scene.whiteCellKinds) == Set(pair.scene.whiteCellKinds), "seed \(seed)")
            let platelets = pair.scene.boxes.contains { $0.kind == .platelet }
            #expect(scene.boxes.contains { $0.kind == .platelet } == platelets, "seed \(seed)")
        }
    }

    @Test("The truth has the reference's colors in the source's places")
    func truth() {
        let pair = SmearPhantom.pair(seed: 4, source: .labB, reference: .labA, width: 240, height: 180)
        func means(_ image: RGBImage, _ classes: LabelMap<SmearClass>, _ label: SmearClass) -> SIMD3<Float> {
            let pixels = classes.bytes.indices.filter { classes[$0] == label }
            let sum = pixels.reduce(SIMD3<Float>()) {
                $0 + SIMD3(image.samples[3 * $1], image.samples[3 * $1 + 1], image.samples[3 * $1 + 2])
            }
            return sum / Float(pixels.count)
        }
        func distance(_ first: SIMD3<Float>, _ second: SIMD3<Float>) -> Float {
            max((first - second).max(), (second - first).max())
        }
        for label in [SmearClass.background, .redCell, .nucleus] {
            let truth = means(pair.truth, pair.classes, label)
            let reference = means(pair.references[0], pair.referenceScenes[0].classes, label)
            let source = means(pair.source, pair.classes, label)
            #expect(distance(truth, reference) < 0.08)
            #expect(distance(truth, source) > 0.1)
        }
    }

    @Test("A blank field varies by its noise and falloff only")
    func blank() {
        let image = SmearPhantom.blankField(seed: 2, width: 120, height: 90)
        let (least, greatest) = (image.samples.min() ?? 0, image.samples.max() ?? 1)
        #expect(greatest - least < 0.25)
        #expect(least > 0.5)
    }

    @Test("A field out of focus has far smaller steps between neighbors than a sharp one")
    func focus() {
        func roughness(_ image: RGBImage) -> Float {
            zip(image.samples, image.samples.dropFirst(3)).reduce(0) { $0 + abs($1.0 - $1.1) }
        }
        let sharp = SmearScene(seed: 6, width: 240, height: 180).render(in: Stain.labB.noiseless)
        let soft = SmearPhantom.outOfFocus(seed: 6, stain: Stain.labB.noiseless, width: 240, height: 180)
        #expect(roughness(soft) < 0.8 * roughness(sharp))
    }

    @Test("A field without white cells has none, by the brightness of its darkest part")
    func noWhiteCells() {
        let image = SmearPhantom.fieldWithoutWhiteCells(seed: 1, stain: .labA, width: 240, height: 180)
        let withCells = SmearScene(seed: 1, width: 240, height: 180).render(in: .labA)
        func darkShare(_ image: RGBImage) -> Float {
            let dark = (0..<image.pixelCount).count { image.samples[3 * $0] < 0.45 }
            return Float(dark) / Float(image.pixelCount)
        }
        #expect(darkShare(image) < 0.01)
        #expect(darkShare(withCells) > 0.02)
    }

    @Test("What is no smear is drawn the same for a seed, otherwise for another", arguments: NotASmear.allCases)
    func notASmear(_ kind: NotASmear) {
        let image = kind.image(seed: 1, width: 90, height: 70)
        #expect(image == kind.image(seed: 1, width: 90, height: 70))
        #expect(image != kind.image(seed: 2, width: 90, height: 70))
        #expect(image.samples.allSatisfy { (0...1).contains($0) })
    }
}
