import Foundation
import NCTEngine

/// Images that no microscope took of blood.
public enum NotASmear: String, Sendable, CaseIterable {
    /// Colors that run from corner to corner.
    case gradient
    /// A board of two colors.
    case checker
    /// Dark strokes in lines on white, as a page of print.
    case text
    /// Saturated colors without any structure.
    case colorNoise

    /// Cost: linear in the pixels. Equal arguments give equal images.
    public func image(seed: UInt64, width: Int = 640, height: Int = 480) -> RGBImage {
        var generator = SeededGenerator(seed: seed)
        func color() -> SIMD3<Float> {
            SIMD3(
                Float.random(in: 0...1, using: &generator), Float.random(in: 0...1, using: &generator),
                Float.random(in: 0...1, using: &generator))
        }
        let (first, second, third) = (color(), color(), color())
        let noise = Noise(seed: generator.next())
        let cell = max(4, min(width, height) / 12)
        return Self.image(width: width, height: height) { x, y in
            let (u, v) = (Float(x) / Float(width), Float(y) / Float(height))
            switch self {
            case .gradient: return first * (1 - u) + second * u * (1 - v) + third * u * v
            case .checker: return (x / cell + y / cell) % 2 == 0 ? first : second
            case .text:
                return Self.isInk(x, y, line: max(8, cell / 2), noise) ? SIMD3(repeating: 0.08) : SIMD3(repeating: 0.97)
            case .colorNoise:
                return SIMD3(noise.lattice(x, y), noise.lattice(x, y + height), noise.lattice(x + width, y))
            }
        }
    }

    /// Words of letters of strokes: a letter is a 3×5 pattern, some letters are gaps.
    private static func isInk(_ x: Int, _ y: Int, line: Int, _ noise: Noise) -> Bool {
        let stroke = max(1, line / 8)
        let (column, row) = (x / stroke, y % line / stroke)
        let letter = column / 4
        guard row < 5, column % 4 < 3, noise.lattice(letter, y / line) > 0.18 else { return false }
        return noise.lattice(letter * 3 + column % 4, y / line * 5 + row + 1000) > 0.45
    }

    private static func image(width: Int, height: Int, _ color: (Int, Int) -> SIMD3<Float>) -> RGBImage {
        var samples = [Float](repeating: 0, count: 3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                let value = color(x, y)
                let sample = 3 * (y * width + x)
                (samples[sample], samples[sample + 1], samples[sample + 2]) = (value.x, value.y, value.z)
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }
}
