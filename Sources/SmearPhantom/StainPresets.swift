import Foundation
import NCTEngine

/// The optical densities were fitted to colors picked from smears of two labs: non-negative factors that explain the
/// same structures (red cell, granules, cytoplasms, nuclei) in both with one set of concentrations.
extension Stain {
    /// Like a CellaVision DM96 with May-Grünwald-Giemsa: cream background, pink-gray red cells, dark purple nuclei.
    public static let labA: Stain = {
        var stain = Stain(
            eosin: SIMD3(0.05, 0.55, 0.29), azure: SIMD3(1.11, 1.03, 0.15), hemoglobin: SIMD3(0.22, 0.31, 0.20),
            light: linear(red: 254, green: 228, blue: 203))
        (stain.falloff, stain.blurSigma, stain.noiseSigma) = (0.01, 0.6, 0.006)
        return stain
    }()

    /// Like a plain microscope camera: greenish gray background, dull pink red cells, blue-violet nuclei, softer.
    ///
    /// The azure's blue density is slightly negative: such a camera's color matrix lifts blue where red is missing.
    public static let labB: Stain = {
        var stain = Stain(
            eosin: SIMD3(0, 0.28, 0.02), azure: SIMD3(0.40, 0.52, -0.06), hemoglobin: SIMD3(0.09, 0.22, 0.18),
            light: linear(red: 196, green: 201, blue: 190))
        (stain.falloff, stain.blurSigma, stain.noiseSigma) = (0.12, 1.3, 0.008)
        return stain
    }()

    /// Lab A's dyes, under-stained, in a bright neutral light.
    public static let pale: Stain = {
        var stain = labA.scaled(by: 0.5)
        stain.light = linear(red: 248, green: 244, blue: 240)
        (stain.blurSigma, stain.noiseSigma) = (0.8, 0.008)
        return stain
    }()

    /// Lab B's dyes, over-stained, in a dim yellowish light.
    public static let dark: Stain = {
        var stain = labB.scaled(by: 1.6)
        stain.light = linear(red: 190, green: 182, blue: 160)
        (stain.exposure, stain.falloff, stain.blurSigma, stain.noiseSigma) = (0.9, 0.15, 0.9, 0.01)
        return stain
    }()

    /// A stain that some lab could have: between lab A's and lab B's dyes, its own strengths, light and optics.
    public static func random(_ seed: UInt64) -> Stain {
        var generator = SeededGenerator(seed: SeededGenerator.mix(seed ^ 0x57A1))
        func random(_ range: ClosedRange<Float>) -> Float { Float.random(in: range, using: &generator) }
        func dye(_ a: SIMD3<Float>, _ b: SIMD3<Float>) -> SIMD3<Float> {
            let share = random(0...1)
            let mixed = a * share + b * (1 - share)
            return mixed * SIMD3(random(0.85...1.15), random(0.85...1.15), random(0.85...1.15))
        }
        let brightness = random(180...250)
        let light = linear(
            red: min(254, brightness * random(0.97...1.04)), green: brightness * random(0.92...1.02),
            blue: brightness * random(0.78...1.02))
        var stain = Stain(
            eosin: dye(labA.eosin, labB.eosin), azure: dye(labA.azure, labB.azure),
            hemoglobin: dye(labA.hemoglobin, labB.hemoglobin), light: light)
        stain.eosinScale = random(0.7...1.4)
        stain.azureScale = random(0.7...1.4)
        stain.hemoglobinScale = random(0.7...1.4)
        stain.falloff = random(0...0.15)
        stain.blurSigma = random(0.4...1.4)
        stain.noiseSigma = random(0.003...0.012)
        return stain
    }
}
