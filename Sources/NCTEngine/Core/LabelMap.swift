/// One small integer a pixel (a cluster or a class), `height × width`, row-major.
public struct LabelMap: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public var labels: [UInt8]

    /// - Precondition: `labels.count == width * height`.
    public init(width: Int, height: Int, labels: [UInt8]) {
        precondition(labels.count == width * height, "a label map needs width × height labels")
        self.width = width
        self.height = height
        self.labels = labels
    }

    public init(width: Int, height: Int, repeating label: UInt8 = 0) {
        self.init(width: width, height: height, labels: [UInt8](repeating: label, count: width * height))
    }

    public subscript(x: Int, y: Int) -> UInt8 {
        get { labels[y * width + x] }
        set { labels[y * width + x] = newValue }
    }
}
