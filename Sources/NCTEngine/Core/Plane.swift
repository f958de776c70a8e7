/// One value a pixel, `height × width`, row-major.
public struct Plane: Sendable, Equatable {
    public let width: Int
    public let height: Int
    public var values: [Float]

    /// - Precondition: `values.count == width * height`.
    public init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == width * height, "a plane needs width × height values")
        self.width = width
        self.height = height
        self.values = values
    }

    public init(width: Int, height: Int, repeating value: Float = 0) {
        self.init(width: width, height: height, values: [Float](repeating: value, count: width * height))
    }

    public subscript(x: Int, y: Int) -> Float {
        get { values[y * width + x] }
        set { values[y * width + x] = newValue }
    }

    /// The mean, summed in double precision in the pixels' order; 0 of an empty plane.
    public var mean: Float {
        Float(values.reduce(0.0) { $0 + Double($1) } / Double(max(1, values.count)))
    }
}
