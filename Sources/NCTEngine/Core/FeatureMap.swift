/// A feature vector a pixel, `height × width × channels`, channels innermost.
public struct FeatureMap: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public let channels: Int
    public var values: [Float]

    /// - Precondition: `values.count == width * height * channels`.
    public init(width: Int, height: Int, channels: Int, values: [Float]) {
        precondition(
            values.count == width * height * channels, "a feature map needs width × height × channels values")
        self.width = width
        self.height = height
        self.channels = channels
        self.values = values
    }

    public init(width: Int, height: Int, channels: Int) {
        self.init(
            width: width, height: height, channels: channels,
            values: [Float](repeating: 0, count: width * height * channels))
    }

    public var pixelCount: Int { width * height }
}
