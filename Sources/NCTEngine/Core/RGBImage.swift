/// An RGB image, `height × width × 3`, channels innermost.
///
/// Samples are sRGB-encoded, nominally 0…1: an 8-bit sample `v` is `v / 255`, a 16-bit
/// sample `v / 65535`. There is no alpha; whoever reads a file lays what is
/// transparent over the background.
public struct RGBImage: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// `height * width * 3` samples.
    public var samples: [Float]

    /// - Precondition: `samples.count == width * height * 3`.
    public init(width: Int, height: Int, samples: [Float]) {
        precondition(samples.count == width * height * 3, "an RGB image needs width × height × 3 samples")
        self.width = width
        self.height = height
        self.samples = samples
    }

    /// An image of one color.
    public init(width: Int, height: Int, filledWith color: (red: Float, green: Float, blue: Float)) {
        var samples = [Float](repeating: 0, count: width * height * 3)
        for pixel in 0..<width * height {
            samples[3 * pixel] = color.red
            samples[3 * pixel + 1] = color.green
            samples[3 * pixel + 2] = color.blue
        }
        self.init(width: width, height: height, samples: samples)
    }

    public var pixelCount: Int { width * height }
}
