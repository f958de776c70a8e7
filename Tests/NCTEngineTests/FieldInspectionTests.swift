import Foundation
import ImageFiles
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Field inspection")
struct FieldInspectionTests {
    private static let stains: [Stain] = [.labA, .labB, .pale, .dark, .random(1), .random(2), .random(3)]

    @Test("An ordinary field is a smear in focus with white cells, whatever its stain", arguments: stains)
    func ordinary(stain: Stain) {
        for (seed, size) in [(UInt64(51), (640, 480)), (52, (320, 240)), (53, (96, 72)), (54, (1296, 972))] {
            let scene = SmearScene(seed: seed, width: size.0, height: size.1)
            let field = FieldInspection(scene.render(in: stain, noiseSeed: seed))
            #expect(!field.isBlank && field.isSmear && field.isInFocus && field.hasWhiteCells, "seed \(seed): \(field)")
            let cells = scene.classes.mask(of: .background).inverted.count
            let share = Float(cells) / Float(scene.classes.pixelCount)
            #expect(abs(field.foregroundShare - share) < 0.1, "seed \(seed): \(field.foregroundShare), truly \(share)")
        }
    }

    @Test("Sparse and crowded fields, small and large cells, thin and thick stains are smears")
    func extremes() {
        let options = [
            SceneOptions(redCellDensity: 0.08), SceneOptions(redCellDensity: 0.75, overlap: 0.7),
            SceneOptions(scale: 0.35), SceneOptions(scale: 2.2), SceneOptions(whiteCellCount: 1, redCellCount: 0),
            SceneOptions(whiteCellCount: 0, redCellCount: 4, plateletCount: 1),
        ]
        for stain in [Stain.labA, .labB, .labB.scaled(by: 0.6), .labA.scaled(by: 1.6)] {
            for (index, options) in options.enumerated() {
                let scene = SmearScene(seed: 57, width: 480, height: 360, options: options)
                let field = FieldInspection(scene.render(in: stain, noiseSeed: 57))
                #expect(!field.isBlank && field.isSmear && field.isInFocus, "options \(index): \(field)")
                #expect(field.hasWhiteCells == !scene.whiteCellKinds.isEmpty, "options \(index): \(field)")
            }
        }
    }

    @Test("An empty field is blank in any stain, falloff and noise or not", arguments: stains)
    func blank(stain: Stain) {
        for (width, height) in [(640, 480), (320, 240), (96, 72)] {
            let field = FieldInspection(
                SmearPhantom.blankField(seed: 61, stain: stain, width: width, height: height))
            #expect(field.isBlank && !field.isSmear && !field.hasWhiteCells, "\(field)")
        }
    }

    // In the light of the dark stain a negative's ground is not dark.
    @Test(
        "A negative is no smear, whatever the network says, and a smear in little light is none",
        arguments: [Stain.labA, .labB, .pale, .random(1), .random(2), .random(3)])
    func negative(stain: Stain) {
        for (seed, size) in [(UInt64(58), (640, 480)), (59, (320, 240))] {
            let smear = SmearScene(seed: seed, width: size.0, height: size.1).render(in: stain, noiseSeed: seed)
            var (negative, dark) = (smear, smear)
            negative.samples = smear.samples.map { 1 - $0 }
            dark.samples = smear.samples.map { 0.25 * $0 }
            let field = FieldInspection(negative)
            #expect(field.isNegative && !field.isSmear, "seed \(seed): \(field)")
            #expect(field.nothingToTransfer(smearProbability: 1)?.kind == .notASmear, "seed \(seed)")
            let usual = FieldInspection(smear)
            #expect(!usual.isNegative && usual.polarity.map { $0 > 0 } == true, "seed \(seed): \(usual)")
            // Lit, it is not refused where the network is sure, but not believed either.
            var lit = negative
            lit.samples = negative.samples.map { 0.5 + 0.5 * $0 }
            let doubted = FieldInspection(lit)
            #expect(!doubted.isNegative && doubted.crossedLimits.contains { $0.name == "polarity of edges" })
            let unlit = FieldInspection(dark)
            #expect(!unlit.isNegative && unlit.polarity.map { $0 > 0.3 } == true, "seed \(seed): \(unlit)")
        }
    }

    @Test(
        "Where no limit is crossed the network decides, if it is sure that there is no smear",
        arguments: [(Float(0.1), true), (0.25, true), (0.26, false), (0.5, false), (1, false)])
    func sureOfNone(probability: Float, isRefused: Bool) {
        let field = FieldInspection(SmearScene(seed: 58, width: 320, height: 240).render(in: .labA, noiseSeed: 58))
        #expect(field.isSmear)
        #expect((field.nothingToTransfer(smearProbability: probability)?.kind == .notASmear) == isRefused)
        #expect(field.nothingToTransfer(smearProbability: nil) == nil)
    }

    @Test("Images of one color are blank, black and white ones too, and so is a single pixel")
    func oneColor() {
        for value in [Float(0), 0.4, 1] {
            #expect(FieldInspection(RGBImage(width: 50, height: 40, filledWith: (value, value, value))).isBlank)
        }
        #expect(FieldInspection(RGBImage(width: 1, height: 1, filledWith: (0.3, 0.6, 0.2))).isBlank)
    }

    @Test("A field of red cells and platelets has no white cell, and is a smear", arguments: stains)
    func withoutWhiteCells(stain: Stain) {
        for seed in UInt64(71)..<74 {
            let field = FieldInspection(
                SmearPhantom.fieldWithoutWhiteCells(seed: seed, stain: stain, width: 480, height: 360))
            #expect(!field.hasWhiteCells && field.isSmear && field.isInFocus, "seed \(seed): \(field)")
        }
    }

    @Test("A field far out of focus is a smear out of focus", arguments: stains)
    func outOfFocus(stain: Stain) {
        for (width, height) in [(640, 480), (320, 240)] {
            let field = FieldInspection(
                SmearPhantom.outOfFocus(seed: 81, stain: stain, width: width, height: height))
            #expect(!field.isInFocus && field.isSmear, "\(field)")
        }
    }

    @Test("What is no smear is neither smear nor blank field", arguments: NotASmear.allCases)
    func notASmear(kind: NotASmear) {
        for (width, height) in [(640, 480), (200, 150)] {
            var blank = 0
            for seed in UInt64(91)..<101 {
                let field = FieldInspection(kind.image(seed: seed, width: width, height: height))
                #expect(!field.isSmear, "seed \(seed), \(width)×\(height): \(field)")
                blank += field.isBlank ? 1 : 0
            }
            // Two colors drawn at random may be nearly the same.
            #expect(blank <= 1)
        }
    }

    @Test(
        "Real fields of two labs are smears in focus with white cells",
        .enabled(if: SharedFiles.dataExpected, Comment(rawValue: SharedFiles.dataReason)),
        arguments: ["lab-a/train", "lab-b/train"])
    func real(part: String) throws {
        let urls = try SharedFiles.images(of: part)
        for url in urls.enumerated().filter({ $0.offset % (urls.count / 20) == 0 }).map(\.element) {
            let field = FieldInspection(try ImageReader.read(path: url.path).image)
            #expect(
                !field.isBlank && field.isSmear && field.isInFocus && field.hasWhiteCells,
                "\(url.lastPathComponent): \(field)")
        }
    }

    @Test("The number of threads does not change what is seen")
    func threads() {
        let image = SmearScene(seed: 55, width: 480, height: 500).render(in: .labB, noiseSeed: 1)
        let fields = [1, 2, 3].map { FieldInspection(image, workers: Workers(threads: $0)) }
        #expect(fields[0] == fields[1] && fields[0] == fields[2])
    }
}
