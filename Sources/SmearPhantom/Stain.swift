import Foundation
import NCTEngine

/// How a scene becomes an image: dyes, light and optics, all in linear light.
public struct Stain: Sendable, Equatable {
    /// Optical density of a unit concentration in red, green and blue.
    public var eosin: SIMD3<Float>
    public var azure: SIMD3<Float>
    public var hemoglobin: SIMD3<Float>
    /// Multiplies a dye's concentration: less than 1 is under-stained, more is over-stained.
    public var eosinScale: Float = 1
    public var azureScale: Float = 1
    public var hemoglobinScale: Float = 1
    /// The empty field, linear red, green and blue, 0…1.
    public var light: SIMD3<Float>
    /// Multiplies the light.
    public var exposure: Float = 1
    /// Share of the light that the corners lack, 0…1.
    public var falloff: Float = 0
    /// Standard deviation of the lens's blur, in pixels.
    public var blurSigma: Float = 0
    /// Standard deviation of the camera's noise, in units of the encoded sample (0…1).
    public var noiseSigma: Float = 0

    public init(
        eosin: SIMD3<Float>, azure: SIMD3<Float>, hemoglobin: SIMD3<Float>, light: SIMD3<Float>
    ) {
        self.eosin = eosin
        self.azure = azure
        self.hemoglobin = hemoglobin
        self.light = light
    }

    /// The same stain with every dye's concentration multiplied.
    public func scaled(by factor: Float) -> Stain {
        var stain = self
        stain.eosinScale *= factor
        stain.azureScale *= factor
        stain.hemoglobinScale *= factor
        return stain
    }

    /// The same stain without the camera's noise.
    public var noiseless: Stain {
        var stain = self
        stain.noiseSigma = 0
        return stain
    }

    /// Linear light behind the given concentrations (Beer and Lambert):
    /// light · exposure · 10^(-Σ concentration · scale · OD).
    public func transmitted(eosin: Float, azure: Float, hemoglobin: Float) -> SIMD3<Float> {
        let density =
            eosin * eosinScale * self.eosin + azure * azureScale * self.azure
            + hemoglobin * hemoglobinScale * self.hemoglobin
        let full = light * exposure
        return SIMD3(
            full.x * exp2f(-Self.octaves * density.x), full.y * exp2f(-Self.octaves * density.y),
            full.z * exp2f(-Self.octaves * density.z))
    }

    /// log2(10).
    private static let octaves: Float = 3.321928

    /// sRGB-encodes linear light (IEC 61966-2-1); the input is clipped to 0…1.
    package static func encode(_ linear: Float) -> Float {
        let value = min(1, max(0, linear))
        return value <= 0.003_130_8 ? 12.92 * value : 1.055 * powf(value, 1 / 2.4) - 0.055
    }

    /// Linear light of 8-bit sRGB code values.
    public static func linear(red: Float, green: Float, blue: Float) -> SIMD3<Float> {
        func decode(_ code: Float) -> Float {
            let value = code / 255
            return value <= 0.04045 ? value / 12.92 : powf((value + 0.055) / 1.055, 2.4)
        }
        return SIMD3(decode(red), decode(green), decode(blue))
    }
}
