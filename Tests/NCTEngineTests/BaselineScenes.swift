import Foundation
import NCTEngine
import SmearPhantom

/// Small images whose right answer under a baseline is known.
enum BaselineScenes {
    /// Colors one below the other, from 8-bit samples.
    static func column(_ colors: [SIMD3<Int>]) -> RGBImage {
        RGBImage(
            width: 1, height: colors.count,
            samples: colors.flatMap { [Float($0.x) / 255, Float($0.y) / 255, Float($0.z) / 255] })
    }

    static func uniform(_ value: Float, width: Int = 16, height: Int = 12) -> RGBImage {
        RGBImage(width: width, height: height, filledWith: (value, value, value))
    }

    /// Unit optical densities of a nuclear dye and of a counterstain.
    static let dyes = [
        SIMD3<Float>(0.65, 0.70, 0.29), SIMD3<Float>(0.2, 0.75, 0.63),
    ].map { $0 / ($0 * $0).sum().squareRoot() }

    /// An image of two dyes: a tenth of its pixels pure in the first, a tenth in the second, half mixed, the rest white;
    /// amounts are drawn with the seed and multiplied by `strength`.
    static func dyed(
        _ dyes: [SIMD3<Float>] = dyes, width: Int = 96, height: Int = 64, seed: UInt64 = 1, strength: Float = 1
    ) -> RGBImage {
        var generator = SeededGenerator(seed: seed)
        var samples: [Float] = []
        for _ in 0..<width * height {
            let kind = Float.random(in: 0..<1, using: &generator)
            let first = Float.random(in: 0.5...1.5, using: &generator) * strength
            let second = Float.random(in: 0.5...1.5, using: &generator) * strength
            let amounts: SIMD2<Float> =
                kind < 0.1 ? [first, 0] : kind < 0.2 ? [0, second] : kind < 0.7 ? [first, second] : [0, 0]
            let density = amounts.x * dyes[0] + amounts.y * dyes[1]
            for channel in 0..<3 { samples.append(exp(-density[channel])) }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    /// The same amounts of one dye alone.
    static func oneDye(noise: Float = 0) -> RGBImage {
        var image = dyed([dyes[1], dyes[1]])
        var generator = SeededGenerator(seed: 9)
        for index in image.samples.indices {
            image.samples[index] += Float.random(in: -1...1, using: &generator) * noise
        }
        return image
    }

    /// Images that lack a second stain, or any, by name, and the finding with which they come back.
    static let impossible: [String: (image: RGBImage, finding: QualityReport.Finding.Kind)] = [
        "one": (oneDye(), .oneStain), "noisy": (oneDye(noise: 0.01), .oneStain),
        "blank": (uniform(0.95), .fewStainedPixels), "pixel": (column([[90, 60, 120]]), .fewStainedPixels),
    ]

    static func smear(_ stain: Stain = .labB, seed: UInt64 = 3, width: Int = 320, height: Int = 240) -> RGBImage {
        SmearScene(seed: seed, width: width, height: height).render(in: stain, noiseSeed: seed)
    }
}

extension Recoloring {
    var image: RGBImage? {
        if case .repainted(let image, _) = self { image } else { nil }
    }
    var finding: QualityReport.Finding? {
        if case .impossible(let finding) = self { finding } else { nil }
    }
}

extension RGBImage {
    /// Samples on the scale of 8 bits.
    var codes: [Int] { samples.map { Int(($0 * 255).rounded()) } }

    func greatestDifference(to other: RGBImage) -> Float {
        zip(samples, other.samples).map { abs($0 - $1) }.max() ?? .infinity
    }
}
