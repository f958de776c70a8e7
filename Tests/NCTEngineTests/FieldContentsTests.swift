import NCTEngine
import SmearPhantom
import Testing

/// `reference_use = best`: which reference a capture gets.
@Suite("Choice of a reference by contents")
struct FieldContentsTests {
    private static let kinds: [WhiteCellKind] = [.segmentedNeutrophil, .eosinophil, .lymphocyte]

    private static func smear(_ kind: WhiteCellKind, seed: UInt64, stain: Stain, width: Int = 320, height: Int = 320)
        -> RGBImage
    {
        let options = SceneOptions(whiteCellCount: 1, whiteCellKinds: [kind])
        return SmearScene(seed: seed, width: width, height: height, options: options)
            .render(in: stain, noiseSeed: seed)
    }

    private static func contents(_ image: RGBImage) -> FieldContents {
        FieldAnalysis(image, workers: Workers(threads: 2)).contents
    }

    @Test("A field is at distance 0 from itself")
    func identity() {
        for kind in WhiteCellKind.allCases {
            let contents = Self.contents(Self.smear(kind, seed: 7, stain: .labB))
            #expect(contents.distance(to: contents) == 0)
        }
    }

    @Test(
        "The reference with the capture's kind of white cell is the nearest in 19 of 20 cases, whatever the stain")
    func kinds() {
        let references = Self.kinds.map { Self.contents(Self.smear($0, seed: 300, stain: .labA)) }
        var (right, all) = (0, 0)
        for stain in [Stain.labB, .pale, .dark, .random(11), .random(12)] {
            for (index, kind) in Self.kinds.enumerated() {
                for seed in UInt64(400)..<404 {
                    let capture = Self.contents(Self.smear(kind, seed: seed, stain: stain, width: 400, height: 300))
                    let distances = references.map { $0.distance(to: capture) }
                    all += 1
                    if distances.indices.min(by: { distances[$0] < distances[$1] }) == index { right += 1 }
                }
            }
        }
        print("\(right) of \(all) captures got the reference with their kind of cell")
        #expect(right * 20 >= all * 19)
    }

    @Test("A capture without white cells is nearest to a reference without them")
    func withoutWhiteCells() {
        let references =
            Self.kinds.map { Self.contents(Self.smear($0, seed: 300, stain: .labA)) }
            + [Self.contents(SmearPhantom.fieldWithoutWhiteCells(seed: 301, stain: .labA, width: 320, height: 320))]
        for stain in [Stain.labB, .dark] {
            let capture = Self.contents(SmearPhantom.fieldWithoutWhiteCells(seed: 9, stain: stain))
            let distances = references.map { $0.distance(to: capture) }
            #expect(distances.indices.min { distances[$0] < distances[$1] } == 3, "\(distances)")
        }
    }

    @Test("The engine takes the chosen reference alone: the same bytes as with no other, and says which and why")
    func engine() throws {
        let references = Self.kinds.map { Self.smear($0, seed: 300, stain: .labA, width: 160, height: 160) }
        func normalizer(_ references: [RGBImage], cache: [UInt8]? = nil) throws -> Normalizer {
            var parameters = NormalizationParameters()
            parameters.referenceUse = .best
            parameters.levels = .joint([2])
            return try Normalizer(
                extractor: SmearNet.embedded, references: references, parameters: parameters,
                workers: Workers(threads: 2), cache: cache)
        }
        let all = try normalizer(references)
        let cached = try normalizer(references, cache: all.cacheData())
        for (index, kind) in Self.kinds.enumerated() {
            let capture = Self.smear(kind, seed: 401, stain: .labB, width: 240, height: 200)
            let result = try all.normalize(capture, keepingStages: true)
            #expect(result.chosenReference == index, "\(result.referenceDistances)")
            #expect(result.referenceDistances.count == 3)
            #expect(result.referenceDistances.min() == result.referenceDistances[index])
            #expect(result.image == (try normalizer([references[index]]).normalize(capture).image))
            #expect(Set(result.stages?.field.map(\.reference) ?? []) == [index])
            let again = try cached.normalize(capture)
            #expect(again.image == result.image && again.referenceDistances == result.referenceDistances)
        }
        // Nothing is chosen for what shows nothing.
        let blank = try all.normalize(SmearPhantom.blankField(seed: 1, width: 160, height: 120))
        #expect(blank.chosenReference == nil && blank.referenceDistances.isEmpty)
    }
}
