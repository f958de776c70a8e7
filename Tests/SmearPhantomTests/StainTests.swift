import NCTEngine
import SmearPhantom
import Testing

@Suite("Stains")
struct StainTests {
    static let presets: [Stain] = [.labA, .labB, .pale, .dark]

    /// Mean Rec. 601 luminance of a class's pixels.
    private func luminance(_ label: SmearClass, _ image: RGBImage, _ classes: LabelMap<SmearClass>) -> Float {
        let all = luminances(image)
        let chosen = all.indices.filter { classes[$0] == label }.map { all[$0] }
        return chosen.reduce(0, +) / Float(chosen.count)
    }

    private func luminances(_ image: RGBImage) -> [Float] {
        (0..<image.pixelCount).map {
            0.299 * image.samples[3 * $0] + 0.587 * image.samples[3 * $0 + 1] + 0.114 * image.samples[3 * $0 + 2]
        }
    }

    private let scene = SmearScene(seed: 11, width: 320, height: 240)

    @Test("Nuclei are darker than red cells, and these than the background", arguments: presets.indices)
    func order(preset: Int) {
        let image = scene.render(in: Self.presets[preset])
        let background = luminance(.background, image, scene.classes)
        let red = luminance(.redCell, image, scene.classes)
        let nucleus = luminance(.nucleus, image, scene.classes)
        #expect(nucleus < red - 0.05)
        #expect(red < background - 0.03)
    }

    @Test("Random stains keep that order too", arguments: 0..<20 as Range<UInt64>)
    func randomOrder(seed: UInt64) {
        let image = scene.render(in: .random(seed))
        let background = luminance(.background, image, scene.classes)
        let red = luminance(.redCell, image, scene.classes)
        #expect(luminance(.nucleus, image, scene.classes) < red, "seed \(seed)")
        #expect(red < background, "seed \(seed)")
    }

    @Test("Pale is lighter than dark in every class", arguments: SmearClass.allCases)
    func paleAndDark(_ label: SmearClass) {
        let field = SmearScene(seed: 11, width: 320, height: 240, options: SceneOptions(plateletCount: 3))
        let pale = luminance(label, field.render(in: .pale), field.classes)
        #expect(pale > luminance(label, field.render(in: .dark), field.classes) + 0.1)
    }

    @Test("More dye makes every sample darker, or leaves it")
    func scaled() {
        var stain = Stain.labA.noiseless
        stain.blurSigma = 0
        let ordinary = scene.render(in: stain)
        let over = scene.render(in: stain.scaled(by: 1.5))
        #expect(zip(ordinary.samples, over.samples).allSatisfy { $1 <= $0 + 1e-6 })
        #expect(luminance(.redCell, over, scene.classes) < luminance(.redCell, ordinary, scene.classes) - 0.03)
    }

    @Test("Another stain recolors the same shapes: luminances correlate beyond 0.85")
    func sameGeometry() {
        let a = luminances(scene.render(in: .labA))
        let b = luminances(scene.render(in: .labB))
        let count = Float(a.count)
        let (meanA, meanB) = (a.reduce(0, +) / count, b.reduce(0, +) / count)
        let covariance = zip(a, b).reduce(0) { $0 + ($1.0 - meanA) * ($1.1 - meanB) }
        let varianceA = a.reduce(0) { $0 + ($1 - meanA) * ($1 - meanA) }
        let varianceB = b.reduce(0) { $0 + ($1 - meanB) * ($1 - meanB) }
        #expect(covariance / (varianceA * varianceB).squareRoot() > 0.85)
    }

    @Test("Where red cells lie on each other the light is the product of what each lets through")
    func product() {
        var stain = Stain.labB.noiseless
        (stain.blurSigma, stain.falloff) = (0, 0)
        let (left, right) = (SIMD2<Float>(50, 50), SIMD2<Float>(80, 55))
        func light(_ middles: [SIMD2<Float>]) -> [Float] {
            SmearScene.redCells(at: middles, diameter: 60, width: 130, height: 100)
                .render(in: stain).samples.map(decode)
        }
        let (empty, first, second, both) = (light([]), light([left]), light([right]), light([left, right]))
        var overlapping = 0
        for index in both.indices {
            #expect(abs(both[index] * empty[index] - first[index] * second[index]) < 1e-5)
            if first[index] < 0.9 * empty[index] && second[index] < 0.9 * empty[index] { overlapping += 1 }
        }
        #expect(overlapping > 300)
    }

    @Test("Transmitted light follows Beer and Lambert")
    func beerLambert() {
        let stain = Stain.labA
        let one = stain.transmitted(eosin: 0, azure: 0.5, hemoglobin: 0)
        let two = stain.transmitted(eosin: 0, azure: 1, hemoglobin: 0)
        for channel in 0..<3 {
            #expect(abs(two[channel] * stain.light[channel] - one[channel] * one[channel]) < 1e-5)
        }
        var ten = stain
        ten.azure = SIMD3(1, 1, 1)
        #expect(abs(ten.transmitted(eosin: 0, azure: 1, hemoglobin: 0).x - stain.light.x / 10) < 1e-5)
    }

    private func decode(_ sample: Float) -> Float { Stain.linear(red: 255 * sample, green: 0, blue: 0).x }
}
