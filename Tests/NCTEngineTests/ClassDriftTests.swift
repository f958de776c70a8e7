import NCTEngine
import SmearPhantom
import Testing

@Suite("Class drift")
struct ClassDriftTests {
    private let workers = Workers(threads: 2)

    /// Pixels of one part whose result lies off by so much.
    private func drift(_ off: SIMD3<Float>, part: Int, pixels: Int = 100) -> ClassDrift {
        let aligned = LabImage(width: pixels, height: 1, samples: (0..<3 * pixels).map { Float($0 % 7) })
        var result = aligned
        for sample in 0..<3 * pixels { result.samples[sample] += off[sample % 3] }
        return ClassDrift(from: aligned, to: result, classes: [Int](repeating: part, count: pixels))
    }

    @Test("What is within 2 ΔE*ab is left, half of 3 is taken back, all of 4 and more; of a white cell nothing")
    func correction() {
        for part in [SmearParts.background, SmearParts.redCell] {
            let other = SmearParts.redCell - part
            #expect(drift([1, -1, 1], part: part).correction(ofPart: part) == .zero)
            let some = drift([0, 3, 0], part: part)
            #expect(abs(some.correction(ofPart: part).y - 1.5) < 1e-4 && some.correction(ofPart: other) == .zero)
            let much = drift([4, 5, -3], part: part).correction(ofPart: part) - SIMD3(4, 5, -3)
            #expect((much * much).sum() < 1e-8)
            // Nothing is made brighter.
            let dark = drift([-4, 5, -3], part: part).correction(ofPart: part) - SIMD3(0, 5, -3)
            #expect((dark * dark).sum() < 1e-8)
            #expect(drift([4, 5, -3], part: part, pixels: 63).correction(ofPart: part) == .zero)
        }
        let cytoplasm = SmearParts.cytoplasm(ofCell: 0)
        #expect(drift([0, 9, 0], part: cytoplasm).correction(ofPart: cytoplasm) == .zero)
    }

    @Test("A result is held by the belief in it, less what is taken from its colors")
    func hold() {
        let aligned = LabImage(width: 6, height: 4, samples: [Float](repeating: 40, count: 72))
        var result = LabImage(width: 6, height: 4, samples: [Float](repeating: 50, count: 72))
        let field = PartKernels.HoldField(
            width: 3, height: 2, scale: 2, values: [SIMD3<Float>](repeating: [0.5, 1, 0.5], count: 6))
        PartKernels.hold(
            &result, to: aligned, by: field, less: ([1, 1, -4], [0, 2, 0]), origin: (0, 0), workers: workers)
        #expect(result[13] == SIMD3(44.5, 44, 47))
    }

    @Test(
        "Where references have another background than their lab, the result has the lab's, in one piece and in tiles",
        arguments: [false, true])
    func references(inTiles: Bool) throws {
        let pair = SmearPhantom.pair(seed: 31, source: .labB, reference: .labA, width: 480, height: 360)
        let tinted = pair.references.map { image in
            var lab = LabImage(image)
            for pixel in 0..<lab.pixelCount { lab.samples[3 * pixel + 1] += 6 }
            return lab.rgbImage().image
        }
        var (own, other) = (PaletteLearner(), PaletteLearner())
        pair.references.forEach { own.add($0, workers: workers) }
        tinted.forEach { other.add($0, workers: workers) }
        let (lab, references) = (try own.palette(workers: workers), try other.palette(workers: workers))
        var parameters = NormalizationParameters()
        if inTiles { parameters.tilePixels = 65536 }
        /// How far the mean color of the brightest fifth lies from that of the unstained truth.
        func off(_ training: LabPalette) throws -> Float {
            let result = LabImage(
                try Normalizer(
                    extractor: SmearNet.embedded, references: tinted, parameters: parameters,
                    palettes: LabPalettes(training: training), workers: workers
                ).normalize(pair.source).image)
            let truth = LabImage(pair.truth)
            let bright = (0..<truth.pixelCount).sorted { truth[$0].x > truth[$1].x }.prefix(truth.pixelCount / 5)
            let mean = bright.reduce(SIMD3<Float>.zero) { $0 + result[$1] - truth[$1] } / Float(bright.count)
            return (mean * mean).sum().squareRoot()
        }
        #expect(try off(references) > 4)
        #expect(try off(lab) < 2)
    }
}
