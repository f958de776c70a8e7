import NCTEngine
import SmearPhantom
import Testing

@Suite("Reference inspection")
struct ReferenceInspectionTests {
    private static let workers = Workers(threads: 2)
    private static let smear = SmearScene(seed: 5, width: 240, height: 180).render(in: .labA, noiseSeed: 5)

    private func problem(_ image: RGBImage) -> String? {
        ReferenceInspection(image, workers: Self.workers).problem
    }

    @Test("A smear can serve; noise, a negative, gray, a scrap and what is no smear cannot, each with the reason")
    func problems() {
        #expect(problem(Self.smear) == nil)
        var generator = SeededGenerator(seed: 1)
        var (noise, negative, gray) = (Self.smear, Self.smear, Self.smear)
        for index in noise.samples.indices {
            noise.samples[index] = Float.random(in: 0...1, using: &generator)
            negative.samples[index] = 1 - negative.samples[index]
        }
        for pixel in 0..<gray.pixelCount {
            let value = (0..<3).reduce(Float(0)) { $0 + gray.samples[3 * pixel + $1] } / 3
            for channel in 0..<3 { gray.samples[3 * pixel + channel] = value }
        }
        let scrap = Self.smear.cropped(to: PixelArea(x: 0, y: 0, width: 16, height: 16))
        #expect(problem(noise)?.contains("no stained smear") == true)
        #expect(problem(negative)?.contains("no") == true)
        #expect(problem(gray)?.contains("stained foreground") == true, "\(problem(gray) ?? "")")
        #expect(problem(scrap)?.contains("16 × 16") == true)
        for kind in NotASmear.allCases {
            #expect(problem(kind.image(seed: 3, width: 240, height: 180)) != nil, "\(kind)")
        }
        // What prepares references for any method says the same of those that have no colors to take on.
        for unfit in [negative, gray] {
            let expected = EngineError.Subject.reference(1)
            for method in [NormalizationMethod.colorTransfer, .reinhard, .classPalette] {
                let error = #expect(throws: EngineError.self, "\(method)") { try prepare([Self.smear, unfit], method) }
                #expect(error?.code == .unusableReference && error?.subject == expected, "\(method)")
                #expect(problem(unfit) == error?.message, "\(method)")
            }
        }
    }

    private func prepare(_ references: [RGBImage], _ method: NormalizationMethod) throws {
        if method == .colorTransfer {
            _ = try Normalizer(
                extractor: SmearNet.embedded, references: references, parameters: NormalizationParameters(),
                workers: Self.workers)
        } else {
            _ = try BaselineNormalizer(method: method, references: references, workers: Self.workers)
        }
    }

    @Test("The same picture twice, and references without a white cell, are said")
    func shortcomings() {
        let bare = SmearPhantom.fieldWithoutWhiteCells(seed: 7, stain: .labA, width: 240, height: 180)
        func shortcomings(_ images: [RGBImage]) -> [String] {
            ReferenceInspection.shortcomings(
                of: images, images.map { ReferenceInspection($0, workers: Self.workers) })
        }
        #expect(shortcomings([Self.smear, bare]) == [])
        let twice = shortcomings([Self.smear, bare, Self.smear])
        #expect(twice.count == 1 && twice[0].contains("reference 3 is the same picture as reference 1"))
        #expect(shortcomings([bare]).contains { $0.contains("white cell") })
    }
}
