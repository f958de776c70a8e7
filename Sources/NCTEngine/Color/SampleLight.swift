import Foundation

/// The linear light of an sRGB-encoded sample and its optical density, by its nearest code of 8 bits.
enum SampleLight {
    /// Linear light, 0…1, and optical density, by code.
    private static let lights = (0...255).map { linear(Float($0) / 255) }
    private static let densities = lights.map(density(ofLight:))

    static func light(of sample: Float) -> Float { lights[code(sample)] }

    static func density(of sample: Float) -> Float { densities[code(sample)] }

    /// Light of less than a thousandth counts as that.
    static func density(ofLight light: Float) -> Float { -log10(max(light, 1e-3)) }

    /// The sRGB-encoded sample of linear light, 0…1.
    static func sample(of light: Float) -> Float {
        light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
    }

    /// 0 for what is no number.
    private static func code(_ sample: Float) -> Int { sample >= 1 ? 255 : sample > 0 ? Int(sample * 255 + 0.5) : 0 }

    private static func linear(_ value: Float) -> Float {
        value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
}
