import ImageFiles
import NCTEngine

/// Pictures that the tests write to files.
enum Pictures {
    /// A picture without noise or edges: what lossy formats keep well.
    static func smooth(width: Int, height: Int) -> RGBImage {
        var image = RGBImage(width: width, height: height, filledWith: (0, 0, 0.5))
        for y in 0..<height {
            for x in 0..<width {
                image.samples[3 * (y * width + x)] = Float(x) / Float(max(width - 1, 1))
                image.samples[3 * (y * width + x) + 1] = Float(y) / Float(max(height - 1, 1))
            }
        }
        return image
    }

    /// Every sample drawn anew, on the grid of the depth: what lossless formats must keep exactly.
    static func noise(
        width: Int, height: Int, depth: Int, using generator: inout some RandomNumberGenerator
    ) -> RGBImage {
        RGBImage(width: width, height: height, samples: values(width * height * 3, depth: depth, using: &generator))
    }

    static func values(_ count: Int, depth: Int, using generator: inout some RandomNumberGenerator) -> [Float] {
        let top = depth == 8 ? 255 : 65535
        return (0..<count).map { _ in Float(Int.random(in: 0...top, using: &generator)) / Float(top) }
    }
}
