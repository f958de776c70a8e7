/// The number of a `Label` at each pixel (a class, a cluster), `height × width`, row-major.
///
/// Which labels it holds is part of its type, so that the numbers of one vocabulary are not taken for another's. Labels
/// that are no more than numbers are named by an empty enumeration, such as ``Cluster``.
public struct LabelMap<Label>: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// The labels' numbers, as C kernels and files take them.
    public var bytes: [UInt8]

    /// - Precondition: `bytes.count == width * height`.
    public init(width: Int, height: Int, bytes: [UInt8]) {
        precondition(bytes.count == width * height, "a label map needs width × height labels")
        self.width = width
        self.height = height
        self.bytes = bytes
    }

    /// The label of number 0 at every pixel.
    public init(width: Int, height: Int) {
        self.init(width: width, height: height, bytes: [UInt8](repeating: 0, count: width * height))
    }

    public var pixelCount: Int { bytes.count }

    /// The same numbers as those of other labels, where both are known to mean the same.
    public func renamed<Other>(as _: Other.Type) -> LabelMap<Other> {
        LabelMap<Other>(width: width, height: height, bytes: bytes)
    }

    /// On a grid reduced by `scale`, the label that most of the pixels covered have; of several the
    /// one that comes to as many first.
    package func reduced(by scale: Int) -> LabelMap {
        guard scale > 1 else { return self }
        var result = LabelMap(width: width / scale, height: height / scale)
        var counts = [Int](repeating: 0, count: 256)
        for y in 0..<result.height {
            for x in 0..<result.width {
                let first = y * scale * width + x * scale
                var best = bytes[first]
                for row in stride(from: first, to: first + scale * width, by: width) {
                    for label in bytes[row..<row + scale] {
                        counts[Int(label)] += 1
                        if counts[Int(label)] > counts[Int(best)] { best = label }
                    }
                }
                result.bytes[y * result.width + x] = best
                for row in stride(from: first, to: first + scale * width, by: width) {
                    for label in bytes[row..<row + scale] { counts[Int(label)] = 0 }
                }
            }
        }
        return result
    }
}

extension LabelMap where Label: RawRepresentable<UInt8> {
    /// One label at every pixel.
    public init(width: Int, height: Int, repeating label: Label) {
        self.init(width: width, height: height, bytes: [UInt8](repeating: label.rawValue, count: width * height))
    }

    /// The label of a pixel, counted row by row.
    ///
    /// - Precondition: its number is a label's.
    @inlinable public subscript(pixel: Int) -> Label {
        get { Label(rawValue: bytes[pixel])! }
        set { bytes[pixel] = newValue.rawValue }
    }

    /// The label of a pixel by its column and row.
    ///
    /// - Precondition: its number is a label's.
    @inlinable public subscript(x: Int, y: Int) -> Label {
        get { self[y * width + x] }
        set { self[y * width + x] = newValue }
    }
}
