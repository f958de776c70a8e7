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

    /// On a grid reduced by `scale`, the label that most of the pixels covered have; of several the
    /// one that comes to as many first.
    package func reduced(by scale: Int) -> LabelMap {
        guard scale > 1 else { return self }
        var result = LabelMap(width: width / scale, height: height / scale)
        var counts = [Int](repeating: 0, count: 256)
        for y in 0..<result.height {
            for x in 0..<result.width {
                var best = self[x * scale, y * scale]
                for dy in 0..<scale {
                    for dx in 0..<scale {
                        let label = self[x * scale + dx, y * scale + dy]
                        counts[Int(label)] += 1
                        if counts[Int(label)] > counts[Int(best)] { best = label }
                    }
                }
                result[x, y] = best
                for dy in 0..<scale {
                    for dx in 0..<scale { counts[Int(self[x * scale + dx, y * scale + dy])] = 0 }
                }
            }
        }
        return result
    }
}
