import Foundation
import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Accuracy on phantoms")
struct PhantomAccuracyTests {
    /// Sums of CIEDE2000 to the truth over the pixels of each class.
    private struct Errors {
        var before = [Double](repeating: 0, count: SmearClass.allCases.count)
        var after = [Double](repeating: 0, count: SmearClass.allCases.count)
        var pixels = [Double](repeating: 0, count: SmearClass.allCases.count)

        mutating func add(_ pair: PhantomPair, _ result: RGBImage) {
            let (source, truth, result) = (LabImage(pair.source), LabImage(pair.truth), LabImage(result))
            func color(_ image: LabImage, _ pixel: Int) -> (Double, Double, Double) {
                let start = 3 * pixel
                return (
                    Double(image.samples[start]), Double(image.samples[start + 1]), Double(image.samples[start + 2])
                )
            }
            for pixel in 0..<truth.pixelCount {
                let label = Int(pair.classes.bytes[pixel])
                before[label] += CIEDE2000.difference(color(source, pixel), color(truth, pixel))
                after[label] += CIEDE2000.difference(color(result, pixel), color(truth, pixel))
                pixels[label] += 1
            }
        }

        var meanBefore: Double { before.reduce(0, +) / pixels.reduce(0, +) }
        var meanAfter: Double { after.reduce(0, +) / pixels.reduce(0, +) }
    }

    /// Normalizes pairs of different scenes, half from one stain to the other and half back.
    private func errors(
        _ extractor: any FeatureExtractor, _ parameters: NormalizationParameters, count: Int = 20,
        stains: (Stain, Stain) = (.pale, .dark), width: Int = 320, height: Int = 240, references: Int = 1
    ) throws -> (all: Errors, there: Errors, back: Errors) {
        var there = Errors(), back = Errors(), all = Errors()
        for index in 0..<count {
            let forth = index % 2 == 0
            let pair = SmearPhantom.pair(
                seed: UInt64(1000 + index), source: forth ? stains.0 : stains.1,
                reference: forth ? stains.1 : stains.0, width: width, height: height, referenceCount: references)
            let result = try Normalizer(
                extractor: extractor, references: pair.references, parameters: parameters,
                workers: Workers(threads: 2)
            ).normalize(pair.source).image
            all.add(pair, result)
            if forth { there.add(pair, result) } else { back.add(pair, result) }
        }
        return (all, there, back)
    }

    private func check(
        _ errors: (all: Errors, there: Errors, back: Errors), share: Double,
        names: (String, String) = ("pale to dark", "dark to pale")
    ) {
        for (name, part) in [("all", errors.all), (names.0, errors.there), (names.1, errors.back)] {
            print("\(name): mean CIEDE2000 to the truth \(part.meanBefore) → \(part.meanAfter)")
            #expect(part.meanAfter <= share * part.meanBefore, "\(name)")
            for label in SmearClass.allCases {
                let index = Int(label.rawValue)
                guard part.pixels[index] > 0 else { continue }
                let (before, after) = (part.before[index] / part.pixels[index], part.after[index] / part.pixels[index])
                print("  \(label): \(before) → \(after)")
                #expect(after <= before, "\(name), \(label)")
            }
        }
    }

    @Test(
        "VGG-19 at level 2 brings 20 pairs to at most a third of their distance from the truth, and no class away",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)),
        arguments: NormalizationParameters.Standardization.allCases)
    func vgg19(standardization: NormalizationParameters.Standardization) throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
        var parameters = NormalizationParameters()
        parameters.levels = .joint([2])
        parameters.standardization = standardization
        check(try errors(network, parameters), share: 1.0 / 3)
    }

    @Test(
        "The default with VGG-19 and three references brings lab B's stain to lab A's and back, and no class away",
        .enabled(if: SharedFiles.modelsExpected, Comment(rawValue: SharedFiles.modelsReason)))
    func defaults() throws {
        let network = try VGG19(weights: [UInt8](Data(contentsOf: SharedFiles.vgg19Weights)), upToLevel: 2)
        let errors = try errors(
            network, NormalizationParameters(), count: 6, stains: (.labB, .labA), width: 480, height: 360,
            references: 3)
        check(errors, share: 1.0 / 3, names: ("lab B to lab A", "lab A to lab B"))
    }

    @Test(
        "The built-in network, which needs no weights file, brings 20 pairs to at most half of their distance from the truth"
    )
    func smearnet() throws {
        check(try errors(SmearNet.embedded, NormalizationParameters()), share: 0.5)
    }
}
