import NCTEngine
import SmearPhantom
import Testing

@Suite("Class drift")
struct ClassDriftTests {
    private let workers = Workers(threads: 2)

    /// Pixels of a part, or of background and red cells in turn, whose result lies off by so much.
    private func drift(_ off: SIMD3<Float>, part: Int? = nil, pixels: Int = 200) -> ClassDrift {
        let aligned = LabImage(width: pixels, height: 1, samples: (0..<3 * pixels).map { Float($0 % 7) })
        var result = aligned
        for sample in 0..<3 * pixels { result.samples[sample] += off[sample % 3] }
        return ClassDrift(
            from: aligned, to: result,
            classes: (0..<pixels).map { part ?? ($0 % 2 == 0 ? SmearParts.background : SmearParts.redCell) })
    }

    @Test("What is within 2 ΔE*ab is left, half of 3 is taken back, all of 4 and more, and nothing is made brighter")
    func correction() {
        for part in [SmearParts.background, SmearParts.redCell] {
            #expect(drift([1, -1, 1]).correction(ofPart: part) == .zero)
            #expect(abs(drift([0, 3, 0]).correction(ofPart: part).y - 1.5) < 1e-4)
            let much = drift([4, 5, -3]).correction(ofPart: part) - SIMD3(4, 5, -3)
            #expect((much * much).sum() < 1e-8)
            let dark = drift([-4, 5, -3]).correction(ofPart: part) - SIMD3(0, 5, -3)
            #expect((dark * dark).sum() < 1e-8)
            #expect(drift([4, 5, -3], pixels: 126).correction(ofPart: part) == .zero)
        }
    }

    @Test("Red cells follow the background, which does not follow them; a white cell follows neither")
    func alone() {
        let ground = drift([0, 9, 0], part: SmearParts.background)
        #expect(ground.correction(ofPart: SmearParts.background).y == 9)
        #expect(ground.correction(ofPart: SmearParts.redCell) == .zero)
        #expect(ground.correction(ofPart: SmearParts.cytoplasm(ofCell: 0)) == .zero)
        let red = drift([0, 9, 0], part: SmearParts.redCell)
        #expect(red.correction(ofPart: SmearParts.redCell) == .zero)
        #expect(red.correction(ofPart: SmearParts.background) == .zero)
    }

    @Test("A result is held by the belief in it, less what is taken from its colors")
    func hold() {
        let aligned = LabImage(width: 6, height: 4, samples: [Float](repeating: 40, count: 72))
        var result = LabImage(width: 6, height: 4, samples: [Float](repeating: 50, count: 72))
        let field = PartKernels.HoldField(
            width: 3, height: 2, scale: 2, belief: [Float](repeating: 0.5, count: 6),
            shares: [SIMD2<UInt8>](repeating: [255, 51], count: 6))
        PartKernels.hold(
            &result, to: aligned, by: field, less: ([1, 1, -4], [0, 5, 0]), origin: (0, 0), workers: workers)
        let difference = result[13] - SIMD3(44.5, 44, 47)
        #expect((difference * difference).sum() < 1e-8)
    }

    @Test(
        "Where references have another background than their lab, the result has the lab's, in one piece and in tiles",
        arguments: [false, true])
    func references(inTiles: Bool) throws {
        let pair = SmearPhantom.pair(seed: 31, source: .labB, reference: .labA, width: 480, height: 360)
        let tinted = pair.references.map { image in
            var lab = LabImage(image)
            for pixel in 0..<lab.pixelCount {
                lab.samples[3 * pixel] -= 3
                lab.samples[3 * pixel + 1] += 6
            }
            return lab.rgbImage().image
        }
        var (own, other) = (PaletteLearner(), PaletteLearner())
        pair.references.forEach { own.add($0, workers: workers) }
        tinted.forEach { other.add($0, workers: workers) }
        let (lab, references) = (try own.palette(workers: workers), try other.palette(workers: workers))
        var parameters = NormalizationParameters()
        if inTiles { parameters.tilePixels = 65536 }
        /// How far the mean a*, b* of the brightest fifth lie from those of the unstained truth.
        func off(_ training: LabPalette) throws -> Float {
            let result = LabImage(
                try Normalizer(
                    extractor: SmearNet.embedded, references: tinted, parameters: parameters,
                    palettes: LabPalettes(training: training), workers: workers
                ).normalize(pair.source).image)
            let truth = LabImage(pair.truth)
            let bright = (0..<truth.pixelCount).sorted { truth[$0].x > truth[$1].x }.prefix(truth.pixelCount / 5)
            let mean = bright.reduce(SIMD3<Float>.zero) { $0 + result[$1] - truth[$1] } / Float(bright.count)
            return (mean.y * mean.y + mean.z * mean.z).squareRoot()
        }
        #expect(try off(references) > 4)
        #expect(try off(lab) < 2)
    }
}
