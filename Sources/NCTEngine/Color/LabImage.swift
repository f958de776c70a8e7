/// An image in CIELAB (D65, 2°), `height × width × 3`: L* 0…100, a* and b* about -128…127.
public struct LabImage: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public var samples: [Float]

    /// - Precondition: `samples.count == width * height * 3`.
    public init(width: Int, height: Int, samples: [Float]) {
        precondition(samples.count == width * height * 3, "a Lab image needs width × height × 3 samples")
        self.width = width
        self.height = height
        self.samples = samples
    }

    public var pixelCount: Int { width * height }

    /// L*, a*, b* of one pixel, counted row by row.
    package subscript(pixel: Int) -> SIMD3<Float> {
        SIMD3(samples[3 * pixel], samples[3 * pixel + 1], samples[3 * pixel + 2])
    }

    /// Some pixels, counted row by row, in a row.
    func picked(_ pixels: [Int]) -> LabImage {
        LabImage(width: pixels.count, height: 1, samples: pixels.flatMap { samples[3 * $0..<3 * $0 + 3] })
    }
}
