import Foundation
import NCTEngine

extension SmearScene {
    /// The scene as a camera would see it in this stain: absorption, falloff and blur in linear light, then sRGB
    /// encoding, then noise. Samples lie in 0…1 and are not rounded to code values.
    ///
    /// The same arguments give the same bytes for any number of threads. Cost: linear in the pixels and the blur.
    public func render(in stain: Stain, noiseSeed: UInt64 = 0, workers: Workers = Workers(threads: 1)) -> RGBImage {
        var samples = [Float](repeating: 0, count: 3 * width * height)
        samples.withUnsafeMutableBufferPointer { buffer in
            let out = SharedPointer(buffer)
            workers.forEach(height, grain: 16) { rows in transmit(stain, rows: rows, into: out.base) }
        }
        if stain.blurSigma > 0.05 {
            samples = Blur(sigma: stain.blurSigma).apply(samples, width: width, height: height, workers: workers)
        }
        samples.withUnsafeMutableBufferPointer { buffer in
            let out = SharedPointer(buffer)
            let row = 3 * width
            workers.forEach(height, grain: 16) { rows in
                Camera(noiseSigma: stain.noiseSigma, seed: noiseSeed)
                    .develop(out.base, samples: rows.lowerBound * row..<rows.upperBound * row)
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    private func transmit(_ stain: Stain, rows: Range<Int>, into out: UnsafeMutablePointer<Float>) {
        let (middleX, middleY) = (Float(width - 1) / 2, Float(height - 1) / 2)
        let fade = stain.falloff / (middleX * middleX + middleY * middleY)
        eosin.values.withUnsafeBufferPointer { eosin in
            azure.values.withUnsafeBufferPointer { azure in
                hemoglobin.values.withUnsafeBufferPointer { hemoglobin in
                    for y in rows {
                        let dy = Float(y) - middleY
                        for x in 0..<width {
                            let pixel = y * width + x
                            let dx = Float(x) - middleX
                            let light =
                                (1 - fade * (dx * dx + dy * dy))
                                * stain.transmitted(
                                    eosin: eosin[pixel], azure: azure[pixel], hemoglobin: hemoglobin[pixel])
                            out[3 * pixel] = light.x
                            out[3 * pixel + 1] = light.y
                            out[3 * pixel + 2] = light.z
                        }
                    }
                }
            }
        }
    }
}

/// The sensor: encoding and noise.
struct Camera: Sendable {
    let noiseSigma: Float
    let seed: UInt64

    /// Encodes linear samples in place and adds noise that depends on the seed and a sample's place only.
    func develop(_ samples: UnsafeMutablePointer<Float>, samples range: Range<Int>) {
        let base = SeededGenerator.mix(seed ^ 0xCA3E7A)
        for index in range {
            let encoded = Stain.encode(samples[index])
            guard noiseSigma > 0 else {
                samples[index] = encoded
                continue
            }
            // Four 16-bit uniforms summed: nearly Gaussian, variance 4/12.
            let word = SeededGenerator.mix(base &+ UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
            let sum = (word & 0xFFFF) + (word >> 16 & 0xFFFF) + (word >> 32 & 0xFFFF) + (word >> 48)
            let deviate = (Float(sum) / 65535 - 2) * 1.732_050_8
            samples[index] = min(1, max(0, encoded + noiseSigma * deviate))
        }
    }
}
