import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Suggesting references")
struct ReferenceSuggestionTests {
    private static let kinds: [WhiteCellKind] = [.segmentedNeutrophil, .eosinophil, .lymphocyte]

    /// A field with one white cell in its middle part, in lab A's stain or another.
    private static func smear(_ seed: UInt64, _ kind: WhiteCellKind, stain: Stain = .labA) -> RGBImage {
        let options = SceneOptions(
            whiteCellCount: 1, whiteCellKinds: [kind], redCellDensity: 0.35, plateletCount: 2, redCellDiameter: 40)
        return SmearScene(seed: seed, width: 240, height: 240, options: options).render(in: stain, noiseSeed: seed)
    }

    @Test("Three references show the three kinds that a lab's images show, and none is an outlier")
    func coversKinds() throws {
        var shown: [WhiteCellKind] = []
        var descriptors: [SmearDescriptor] = []
        for index in 0..<36 {
            shown.append(Self.kinds[index % 3])
            descriptors.append(SmearDescriptor(Self.smear(UInt64(500 + index), shown[index])))
        }
        // Four fields of another stain, first in the list so that no tie favors them.
        let foreign = (0..<4).map { SmearDescriptor(Self.smear(UInt64(900 + $0), .segmentedNeutrophil, stain: .dark)) }
        let suggestion = try ReferenceSuggestion.suggest(from: foreign + descriptors, count: 3)
        #expect(Set(suggestion.outliers).isSuperset(of: 0..<4))
        #expect(suggestion.chosen.allSatisfy { $0.index >= 4 && $0.deviation <= ReferenceSuggestion.greatestDeviation })
        #expect(Set(suggestion.chosen.map { shown[$0.index - 4] }) == Set(Self.kinds))
        #expect(abs(suggestion.chosen.reduce(0) { $0 + $1.share } - 1) < 1e-5)
        #expect(suggestion.coverage.cytoplasm > 0.7 && suggestion.coverage.nucleus > 0.7)

        let single = try ReferenceSuggestion.suggest(from: foreign + descriptors, count: 1)
        #expect(single.coverage.cytoplasm <= suggestion.coverage.cytoplasm)
        let again = try ReferenceSuggestion.suggest(from: foreign + descriptors, count: 3)
        #expect(again == suggestion)
    }

    @Test("The kind that most images show is chosen where one reference is asked for")
    func representsTheMajority() throws {
        let shown = (0..<24).map { $0 % 6 == 0 ? WhiteCellKind.eosinophil : .lymphocyte }
        let descriptors = shown.enumerated().map { SmearDescriptor(Self.smear(UInt64(700 + $0.offset), $0.element)) }
        let suggestion = try ReferenceSuggestion.suggest(from: descriptors, count: 1)
        #expect(shown[suggestion.chosen[0].index] == .lymphocyte)
    }

    @Test("Images without a whole white cell are refused with what to do")
    func refusesFieldsWithoutWhiteCells() throws {
        let descriptors = (0..<6).map { index in
            SmearDescriptor(
                SmearScene(
                    seed: UInt64(index), width: 160, height: 160,
                    options: SceneOptions(whiteCellCount: 0, plateletCount: 0, redCellDiameter: 32)
                ).render(in: .labA, noiseSeed: 1))
        }
        let error = #expect(throws: EngineError.self) {
            try ReferenceSuggestion.suggest(from: descriptors, count: 1)
        }
        #expect(error?.code == .unusableReference)
        #expect(error?.remedy.contains("white cell") == true)
    }

    @Test(
        "Of 120 real images of lab A, the references are ordinary and cover four fifths of the cytoplasm's colors",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)))
    func realLab() throws {
        let files = try SharedFiles.images(of: "lab-a/train").prefix(120)
        let descriptors = try files.map { SmearDescriptor(try ImageReader.read(path: $0.path).image) }
        let suggestion = try ReferenceSuggestion.suggest(from: descriptors, count: 3)
        print("coverage \(suggestion.coverage), outliers \(suggestion.outliers.count)")
        #expect(suggestion.chosen.allSatisfy { $0.deviation < 2 })
        #expect(suggestion.chosen.allSatisfy { $0.share > 0.1 })
        #expect(suggestion.coverage.cytoplasm > 0.8)
        #expect(suggestion.coverage.nucleus > 0.9 && suggestion.coverage.redCell > 0.9)
    }
}
