import Foundation
import NCTEngine

/// A real image as it would look with more or less dye, other dyes, another light or exposure.
///
/// Each pixel's optical density against the image's own light is split into the phantom's dyes; the dyes are scaled, or
/// exchanged, and the light is put through them again (Beer and Lambert, as ``Stain/transmitted(eosin:azure:hemoglobin:)``
/// has it). What the dyes do not explain is carried along, so that a restaining that changes nothing gives the image
/// back. Where the camera clipped, the density is not known, and is taken for what the clipped sample says.
public struct Restaining: Sendable, Equatable {
    /// The dyes that the image is taken to hold.
    public var dyes = Stain.labA
    /// The dyes to render it with, each amount kept; nil: the same ones.
    public var otherDyes: Stain?
    /// Multiply the amounts of the dyes: less than 1 is under-stained, more is over-stained. 0 or more.
    public var eosinScale: Float = 1
    public var azureScale: Float = 1
    public var hemoglobinScale: Float = 1
    /// Color of the empty field, linear red, green and blue, 0…1; nil: the image's own.
    public var light: SIMD3<Float>?
    /// Multiplies the light, in linear red, green and blue.
    public var lightFactor = SIMD3<Float>(1, 1, 1)
    /// Multiplies the light in all channels.
    public var exposure: Float = 1

    public init() {}

    /// The image restained. Samples are clipped to 0…1 and not rounded to code values.
    ///
    /// The same arguments give the same bytes for any number of threads. Cost: linear in the pixels, and a sort of the
    /// luminances to find the light.
    public func apply(to image: RGBImage, workers: Workers = Workers(threads: 1)) -> RGBImage {
        let scales = SIMD3(eosinScale, azureScale, hemoglobinScale)
        return apply(to: image, workers: workers) { _ in (scales, SIMD3(repeating: 1)) }
    }

    /// - Parameter factors: of each pixel, for the amounts of the dyes and for the density in red, green and blue.
    func apply(
        to image: RGBImage, workers: Workers,
        factors: @Sendable (Int) -> (amounts: SIMD3<Float>, densities: SIMD3<Float>)
    ) -> RGBImage {
        let own = Self.light(of: image)
        let target = (light ?? own) * lightFactor * exposure
        let unmixing = DyeUnmixing(dyes)
        let rendering = otherDyes.map(DyeUnmixing.init) ?? unmixing
        var samples = image.samples
        samples.withUnsafeMutableBufferPointer { buffer in
            let out = SharedPointer(buffer)
            workers.forEach(image.height, grain: 16) { rows in
                for pixel in rows.lowerBound * image.width..<rows.upperBound * image.width {
                    let sample = SIMD3(out.base[3 * pixel], out.base[3 * pixel + 1], out.base[3 * pixel + 2])
                    let density = Self.density(Self.decode(sample), against: own)
                    let amounts = unmixing.amounts(density)
                    let rest = density - unmixing.mixed(amounts)
                    let (scales, densities) = factors(pixel)
                    let through = densities * (rendering.mixed(scales * amounts) + rest)
                    for channel in 0..<3 {
                        out.base[3 * pixel + channel] = Stain.encode(target[channel] * exp10(-through[channel]))
                    }
                }
            }
        }
        return RGBImage(width: image.width, height: image.height, samples: samples)
    }

    /// The color of the empty field, linear red, green and blue, all above 0: the median of each channel over the
    /// pixels from the 90th to the 99th percentile of Rec. 601 luminance. Right where a tenth of the field or more is
    /// empty.
    public static func light(of image: RGBImage) -> SIMD3<Float> {
        let luminance = image.luminance().values
        guard !luminance.isEmpty else { return SIMD3(1, 1, 1) }
        let sorted = luminance.sorted()
        let (low, high) = (sorted[sorted.count * 90 / 100], sorted[max(0, sorted.count * 99 / 100 - 1)])
        let chosen = luminance.indices.filter { (min(low, high)...max(low, high)).contains(luminance[$0]) }
        var color = SIMD3<Float>()
        for channel in 0..<3 {
            let values = chosen.map { image.samples[3 * $0 + channel] }.sorted()
            color[channel] = values[values.count / 2]
        }
        return decode(color).clamped(lowerBound: SIMD3(repeating: Self.darkest), upperBound: SIMD3(repeating: 1))
    }

    /// Optical density of linear light against that of the empty field; negative where it is brighter.
    static func density(_ linear: SIMD3<Float>, against light: SIMD3<Float>) -> SIMD3<Float> {
        SIMD3(
            log10f(light.x / max(darkest, linear.x)), log10f(light.y / max(darkest, linear.y)),
            log10f(light.z / max(darkest, linear.z)))
    }

    private static func decode(_ sample: SIMD3<Float>) -> SIMD3<Float> {
        Stain.linear(red: 255 * sample.x, green: 255 * sample.y, blue: 255 * sample.z)
    }

    private func exp10(_ exponent: Float) -> Float { exp2f(3.321_928 * exponent) }

    /// Linear light that stands for black: too little to round to a 16-bit sample other than 0.
    private static let darkest: Float = 1e-7
}
