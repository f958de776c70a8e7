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
                let label = Int(pair.classes.labels[pixel])
                before[label] += CIEDE2000.difference(color(source, pixel), color(truth, pixel))
                after[label] += CIEDE2000.difference(color(result, pixel), color(truth, pixel))
                pixels[label] += 1
            }
        }

        var meanBefore: Double { before.reduce(0, +) / pixels.reduce(0, +) }
        var meanAfter: Double { after.reduce(0, +) / pixels.reduce(0, +) }
    }

    /// Normalizes 20 pairs of different scenes, half pale to dark and half dark to pale.
    private func errors(
        _ extractor: any FeatureExtractor, _ parameters: NormalizationParameters
    ) throws -> (all: Errors, paleToDark: Errors, darkToPale: Errors) {
        var paleToDark = Errors(), darkToPale = Errors(), all = Errors()
        for index in 0..<20 {
            let pale = index % 2 == 0
            let pair = SmearPhantom.pair(
                seed: UInt64(1000 + index), source: pale ? .pale : .dark, reference: pale ? .dark : .pale,
                width: 320, height: 240)
            let result = try Normalizer(
                extractor: extractor, references: pair.references, parameters: parameters,
                workers: Workers(threads: 2)
            ).normalize(pair.source).image
            all.add(pair, result)
            if pale { paleToDark.add(pair, result) } else { darkToPale.add(pair, result) }
        }
        return (all, paleToDark, darkToPale)
    }

    private func check(_ errors: (all: Errors, paleToDark: Errors, darkToPale: Errors), share: Double) {
        for (name, part) in [
            ("all", errors.all), ("pale to dark", errors.paleToDark), ("dark to pale", errors.darkToPale),
        ] {
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

    @Test("The filter bank, which needs no weights, brings 20 pairs to at most half of their distance from the truth")
    func filterBank() throws {
        check(try errors(FilterBank(), NormalizationParameters()), share: 0.5)
    }
}
