/// An RGB image, `height × width × 3`, channels innermost.
///
/// Samples are sRGB-encoded, nominally 0…1: an 8-bit sample `v` is `v / 255`, a 16-bit
/// sample `v / 65535`. There is no alpha; whoever reads a file lays what is
/// transparent over the background. What is worked on must be sound (``isSound``): calls that throw refuse what is not.
public struct RGBImage: Sendable, Equatable {
    /// Pixels a row.
    public let width: Int
    /// Rows.
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

    /// `width * height`.
    public var pixelCount: Int { width * height }

    /// Farther from 0 no sample lies by which one can still say what it shows.
    private static let farthest: Float = 1000

    /// Whether all samples are finite numbers of at most 1000 in magnitude.
    public var isSound: Bool {
        var greatest: UInt32 = 0
        samples.withUnsafeBufferPointer { samples in
            // As integers, magnitudes have the order that they have as numbers, and what is not finite comes after all.
            for sample in samples { greatest = max(greatest, sample.magnitude.bitPattern) }
        }
        return greatest <= Self.farthest.bitPattern
    }

    /// Throws ``EngineError/Code/invalidSamples`` if the image is not sound.
    ///
    /// - Parameter subject: what the image is, for the error.
    package func requireSound(_ subject: EngineError.Subject) throws {
        guard !isSound else { return }
        throw EngineError(
            .invalidSamples, "a sample is not a finite number, or far out of 0 to 1", subject: subject,
            remedy: "give samples encoded as sRGB, 0 to 1")
    }
}
