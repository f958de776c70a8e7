import NCTEngine
import SmearPhantom
import Testing

@Suite("A phantom's bytes")
struct DeterminismTests {
    @Test("The same seed gives the same bytes, with one thread and with three")
    func sameSeed() {
        let scene = SmearScene(seed: 7, width: 160, height: 120)
        let again = SmearScene(seed: 7, width: 160, height: 120)
        #expect(scene.classes == again.classes)
        #expect(scene.boxes == again.boxes)
        let image = scene.render(in: .labB, noiseSeed: 3)
        #expect(image == again.render(in: .labB, noiseSeed: 3))
        #expect(image == again.render(in: .labB, noiseSeed: 3, workers: Workers(threads: 3)))
    }

    @Test("Another seed gives another scene, another noise seed only other noise")
    func otherSeeds() {
        let scene = SmearScene(seed: 7, width: 160, height: 120)
        #expect(scene.classes != SmearScene(seed: 8, width: 160, height: 120).classes)
        let first = scene.render(in: .labB, noiseSeed: 1)
        let second = scene.render(in: .labB, noiseSeed: 2)
        #expect(first != second)
        let greatest = zip(first.samples, second.samples).map { abs($0 - $1) }.max() ?? 1
        #expect(greatest < 12 * Stain.labB.noiseSigma)
        #expect(
            scene.render(in: Stain.labB.noiseless, noiseSeed: 1) == scene.render(in: Stain.labB.noiseless, noiseSeed: 2)
        )
    }
}
