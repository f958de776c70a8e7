import Foundation

/// A capture reduced to what its light is learned from: the logarithm of the mean linear light of each cell of a
/// grid of 64 cells on the longer side, a channel.
///
/// Captures of the same proportions have the same grid, whatever their size in pixels.
public struct LightGrid: Sendable, Equatable {
    /// Cells on the longer side.
    public static let longerSide = 64
    /// Pixels that a capture needs on its shorter side.
    public static let leastSide = 16
    /// Light below this share of white tells nothing.
    private static let darkness = 1e-4
    /// A capture with less light than this on average was taken in the dark.
    private static let leastMean = 2e-3

    /// Cells a row.
    public let width: Int
    /// Rows of cells.
    public let height: Int
    /// Of the capture, in pixels.
    public let captureWidth: Int
    /// Of the capture, in pixels.
    public let captureHeight: Int
    /// Natural logarithms of linear light (white is 0), `height × width`.
    let logarithms: [SIMD3<Float>]

    /// Nil for a capture that is too small or dark, or not sound (``RGBImage/isSound``). Cost: linear in the pixels.
    public init?(_ image: RGBImage, workers: Workers = Workers(threads: 1)) {
        guard let size = Self.size(forWidth: image.width, height: image.height), image.isSound else { return nil }
        let (width, height) = size
        let means = workers.flatMap(height, grain: 4) { rows in
            rows.flatMap { Self.means(of: image, row: $0, width: width, height: height) }
        }
        let mean = means.reduce(SIMD3<Double>.zero, +) / Double(means.count)
        guard mean.max() >= Self.leastMean else { return nil }
        (self.width, self.height) = (width, height)
        (captureWidth, captureHeight) = (image.width, image.height)
        logarithms = means.map { mean in
            SIMD3(
                Float(log(max(mean.x, Self.darkness))), Float(log(max(mean.y, Self.darkness))),
                Float(log(max(mean.z, Self.darkness))))
        }
    }

    /// The grid for a capture's size; nil where the capture is too small.
    static func size(forWidth width: Int, height: Int) -> (width: Int, height: Int)? {
        let (longer, shorter) = (max(width, height), min(width, height))
        guard longer >= longerSide, shorter >= leastSide else { return nil }
        let cells = min(shorter, max(2, Int((Double(longerSide * shorter) / Double(longer)).rounded())))
        return width >= height ? (longerSide, cells) : (cells, longerSide)
    }

    private static func means(of image: RGBImage, row: Int, width: Int, height: Int) -> [SIMD3<Double>] {
        let (top, bottom) = (row * image.height / height, (row + 1) * image.height / height)
        return image.samples.withUnsafeBufferPointer { samples in
            (0..<width).map { column in
                let (left, right) = (column * image.width / width, (column + 1) * image.width / width)
                var sum = SIMD3<Double>.zero
                for y in top..<bottom {
                    for x in left..<right {
                        let pixel = 3 * (y * image.width + x)
                        sum += SIMD3(
                            Double(SampleLight.light(of: samples[pixel])),
                            Double(SampleLight.light(of: samples[pixel + 1])),
                            Double(SampleLight.light(of: samples[pixel + 2])))
                    }
                }
                return sum / Double((bottom - top) * (right - left))
            }
        }
    }
}
