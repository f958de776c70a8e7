import Crypto
import Foundation

/// Features without anyone's weights: a small fixed bank of color-opponent filters, at each level of a pyramid.
///
/// Three opponent channels (luminance, red–green, blue–yellow), each through: a local mean, a center–surround
/// difference, and first and second derivatives in four orientations: 3 × (1 + 1 + 4 + 4) = 30 channels. It knows
/// edges, spots and their colors, no more; VGG-19 does better.
public struct FilterBank: FeatureExtractor {
    public let identifier = "filter-bank"
    public var digest: String {
        let definition = "filter bank 1 " + Self.kernels.flatMap { $0 }.map { "\($0)" }.joined(separator: " ")
        return SHA256.hash(data: Array(definition.utf8)).hexadecimal
    }

    public init() {}

    private static let radius = 2
    private static let side = 2 * radius + 1

    /// 5 × 5 kernels: Gaussian, center–surround, four first and four second derivatives of a Gaussian of σ = 1.
    private static let kernels: [[Float]] = {
        func kernel(_ value: (Double, Double) -> Double) -> [Double] {
            (-radius...radius).flatMap { y in (-radius...radius).map { x in value(Double(x), Double(y)) } }
        }
        func gaussian(_ x: Double, _ y: Double, _ sigma: Double) -> Double {
            exp(-(x * x + y * y) / (2 * sigma * sigma))
        }
        func unitSum(_ values: [Double]) -> [Double] { values.map { $0 / values.reduce(0, +) } }
        let mean = unitSum(kernel { gaussian($0, $1, 1) })
        let center = unitSum(kernel { gaussian($0, $1, 0.6) }), surround = unitSum(kernel { gaussian($0, $1, 2) })
        var bank = [mean, zip(center, surround).map { $0 - $1 }]
        let half = 0.5.squareRoot()
        let directions = [(1.0, 0.0), (half, half), (0.0, 1.0), (-half, half)]
        for (dx, dy) in directions { bank.append(kernel { ($0 * dx + $1 * dy) * gaussian($0, $1, 1) }) }
        for (dx, dy) in directions {
            let raw = kernel { x, y in
                let along = x * dx + y * dy
                return (along * along - 1) * gaussian(x, y, 1)
            }
            // Blind to a constant.
            let bias = raw.reduce(0, +) / Double(raw.count)
            bank.append(raw.map { $0 - bias })
        }
        return bank.map { $0.map { Float($0) } }
    }()

    public func channels(atLevel level: Int) -> Int { 3 * Self.kernels.count }

    public func features(of image: RGBImage, levels: Set<Int>, workers: Workers) throws -> [Int: FeatureMap] {
        try requirePatch(width: image.width, height: image.height, levels: levels)
        var result: [Int: FeatureMap] = [:]
        for level in levels {
            result[level] = filter(Reduction.box(image, by: 1 << (level - 1), workers: workers), workers: workers)
        }
        return result
    }

    private func filter(_ image: RGBImage, workers: Workers) -> FeatureMap {
        let (width, height) = (image.width, image.height)
        var opponents = [Float](repeating: 0, count: image.samples.count)
        for pixel in 0..<image.pixelCount {
            let (r, g, b) = (image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2])
            opponents[3 * pixel] = (r + g + b) / 3
            opponents[3 * pixel + 1] = r - g
            opponents[3 * pixel + 2] = (r + g) / 2 - b
        }
        // The bank as one matrix over the gathered neighborhood: 25 taps × 3 opponents by 30 channels.
        let (side, radius, count) = (Self.side, Self.radius, Self.kernels.count)
        var matrix = [Float](repeating: 0, count: side * side * 3 * 3 * count)
        for (index, kernel) in Self.kernels.enumerated() {
            for tap in 0..<side * side {
                for opponent in 0..<3 {
                    matrix[(tap * 3 + opponent) * 3 * count + opponent * count + index] = kernel[tap]
                }
            }
        }
        let inner = side * side * 3
        var map = FeatureMap(width: width, height: height, channels: 3 * count)
        // Rows at a time, so that the gathered neighborhoods stay small.
        let band = max(1, 65536 / max(1, width))
        for top in stride(from: 0, to: height, by: band) {
            let rows = top..<min(height, top + band)
            var gathered = [Float](repeating: 0, count: rows.count * width * inner)
            for y in rows {
                for x in 0..<width {
                    var target = ((y - top) * width + x) * inner
                    for dy in -radius...radius {
                        let row = min(max(y + dy, 0), height - 1) * width
                        for dx in -radius...radius {
                            let from = 3 * (row + min(max(x + dx, 0), width - 1))
                            gathered[target] = opponents[from]
                            gathered[target + 1] = opponents[from + 1]
                            gathered[target + 2] = opponents[from + 2]
                            target += 3
                        }
                    }
                }
            }
            let values = FeatureKernels.affine(
                gathered, rows: rows.count * width, inner: inner, matrix: matrix, columns: 3 * count,
                offset: [Float](repeating: 0, count: 3 * count), workers: workers)
            map.values.replaceSubrange(top * width * 3 * count..<rows.upperBound * width * 3 * count, with: values)
        }
        return map
    }
}
