import Foundation
import NCTEngine

/// Lights that are known exactly, to be laid over pictures in linear light.
public struct SyntheticLight: Sendable, CustomStringConvertible {
    /// One-sided, a vignette, one off the middle, or each channel its own.
    public enum Shape: Int, Sendable, CaseIterable { case oneSided, vignette, offCenter, colored }

    public let shape: Shape
    /// Of the channel in which it is most uneven: the brightest place over the darkest.
    public let ratio: Float
    private let directions: [SIMD2<Float>]
    private let middles: [SIMD2<Float>]
    private let strengths: [Float]

    /// Twenty of all shapes, from 1.3:1 to 3:1, every other one colored.
    public static let twenty = (0..<20).map { SyntheticLight(number: $0) }

    public init(number: Int) {
        var generator = SeededGenerator(seed: UInt64(number) &+ 71)
        shape = Shape.allCases[number / 5 % 4]
        ratio = [1.3, 1.6, 2, 2.5, 3][number % 5]
        let isColored = number % 2 == 1
        strengths = (0..<3).map { _ in
            let strength = Float.random(in: 0.4...1, using: &generator)
            return isColored ? strength : 1
        }
        let angle = Float.random(in: 0..<2 * .pi, using: &generator)
        let middle = SIMD2(
            Float.random(in: -0.5...0.5, using: &generator), Float.random(in: -0.5...0.5, using: &generator))
        let own = shape == .colored
        directions = (0..<3).map { _ in
            let turn = own ? Float.random(in: 0..<2 * .pi, using: &generator) : angle
            return SIMD2(cos(turn), sin(turn))
        }
        middles = (0..<3).map { _ in
            own
                ? SIMD2(
                    Float.random(in: -0.5...0.5, using: &generator), Float.random(in: -0.5...0.5, using: &generator))
                : middle
        }
    }

    public var description: String { "\(shape) \(ratio):1" }

    private func level(_ channel: Int, x: Float, y: Float) -> Float {
        let place = SIMD2(x, y)
        let away = place - middles[channel]
        let slope = (place * directions[channel]).sum()
        return switch shape {
        case .oneSided: slope
        case .vignette: -(place * place).sum()
        case .offCenter: -(away * away).sum()
        case .colored: 0.5 * slope - 0.6 * (away * away).sum()
        }
    }

    /// The light at each place of a grid, `height × width × 3`, the brightest of each channel 1.
    public func values(width: Int, height: Int) -> [Float] {
        var result = [Float](repeating: 0, count: 3 * width * height)
        for channel in 0..<3 {
            let levels = (0..<width * height).map { cell in
                level(
                    channel, x: (Float(cell % width) + 0.5) / Float(width) * 2 - 1,
                    y: (Float(cell / width) + 0.5) / Float(height) * 2 - 1)
            }
            let (low, high) = (levels.min() ?? 0, levels.max() ?? 1)
            for (cell, level) in levels.enumerated() {
                result[3 * cell + channel] = pow(ratio, -strengths[channel] * (high - level) / (high - low))
            }
        }
        return result
    }

    /// A picture in this light, at 8 bits.
    public func laid(over image: RGBImage) -> RGBImage {
        let light = values(width: image.width, height: image.height)
        return RGBImage(
            width: image.width, height: image.height,
            samples: zip(image.samples, light).map { sample, light in
                let linear = Self.linear(sample) * light
                return (Self.encoded(linear) * 255).rounded() / 255
            })
    }

    public static func linear(_ sample: Float) -> Float {
        let sample = min(1, max(0, sample))
        return sample <= 0.04045 ? sample / 12.92 : pow((sample + 0.055) / 1.055, 2.4)
    }

    private static func encoded(_ light: Float) -> Float {
        light <= 0.0031308 ? 12.92 * light : 1.055 * pow(light, 1 / 2.4) - 0.055
    }

    /// How far an estimate is from this light, a channel: the root mean square over the field of the logarithm of their
    /// quotient, about its mean.
    public func error(of field: FlatField) -> [Float] {
        let truth = values(width: field.width, height: field.height)
        let count = field.width * field.height
        return (0..<3).map { channel in
            let rests = (0..<count).map { log(Double(field.values[3 * $0 + channel] / truth[3 * $0 + channel])) }
            let mean = rests.reduce(0, +) / Double(count)
            let squares = rests.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            return Float((squares / Double(count)).squareRoot())
        }
    }
}
