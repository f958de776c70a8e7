/// The disc that a mask leaves, as the eyepiece of a microscope or the circle of its light leaves it; parts of it may lie
/// beyond the image. Source: Kåsa's least-squares circle, IEEE Trans. Instrum. Meas. 25 (1976).
struct FittedDisc {
    private let x: Double
    private let y: Double
    private let radius: Double

    /// Pixels along the edge that fix a circle.
    private static let leastEdge = 64
    /// Most pixels that the edge lies from the circle on average, and more in shares of its radius.
    private static let (greatestDeviation, greatestShare) = (1.0, 0.005)
    /// Most of the mask that lies within, and of the rest that lies outside.
    private static let greatestWrong = 0.02

    /// Nil where what the mask leaves is no disc.
    init?(leftBy mask: PixelMask) {
        let left = mask.inverted
        var edge: [SIMD2<Double>] = []
        for row in 1..<max(1, mask.height - 1) {
            for column in 1..<max(1, mask.width - 1) where left.isAtEdge(row * mask.width + column) {
                edge.append(SIMD2(Double(column), Double(row)))
            }
        }
        guard edge.count >= Self.leastEdge, let circle = Self.circle(through: edge) else { return nil }
        (x, y, radius) = circle
        let deviation = edge.reduce(0) { $0 + abs(distance($1.x, $1.y) - radius) } / Double(edge.count)
        guard deviation <= Self.greatestDeviation + Self.greatestShare * radius else { return nil }
        var (within, outside, masked) = (0, 0, 0)
        for row in 0..<mask.height {
            for column in 0..<mask.width {
                let far = distance(Double(column), Double(row))
                let isMasked = mask[column, row]
                if isMasked { masked += 1 }
                if isMasked, far < radius - 2 { within += 1 }
                if !isMasked, far > radius + 2 { outside += 1 }
            }
        }
        let most = Self.greatestWrong * Double(masked)
        guard Double(within) <= most, Double(outside) <= most else { return nil }
    }

    private func distance(_ column: Double, _ row: Double) -> Double {
        ((column - x) * (column - x) + (row - y) * (row - y)).squareRoot()
    }

    /// The circle with the least sum of squared differences of squared distance and squared radius.
    private static func circle(through points: [SIMD2<Double>]) -> (x: Double, y: Double, radius: Double)? {
        let count = Double(points.count)
        let mean = points.reduce(SIMD2<Double>(), +) / count
        var (uu, uv, vv, uz, vz) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let (u, v) = (point.x - mean.x, point.y - mean.y)
            let z = u * u + v * v
            (uu, uv, vv, uz, vz) = (uu + u * u, uv + u * v, vv + v * v, uz + u * z, vz + v * z)
        }
        let determinant = uu * vv - uv * uv
        guard determinant > 1e-9 * uu * vv else { return nil }
        let (u, v) = ((uz * vv - vz * uv) / (2 * determinant), (vz * uu - uz * uv) / (2 * determinant))
        return (mean.x + u, mean.y + v, (u * u + v * v + (uu + vv) / count).squareRoot())
    }
}

extension FlatRegions {
    /// The regions at the border if all that they leave is one disc; nil otherwise.
    func leavingDisc() -> [Region]? {
        let outer = filter(\.touchesBorder)
        return outer.isEmpty || FittedDisc(leftBy: mask(of: outer)) == nil ? nil : outer
    }
}
