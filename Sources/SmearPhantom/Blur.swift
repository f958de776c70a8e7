import Foundation
import NCTEngine

/// A Gaussian blur of three-channel samples, columns and rows in turn, the border repeated outward.
struct Blur: Sendable {
    private let taps: [Float]
    private var radius: Int { taps.count - 1 }

    /// - Parameter sigma: standard deviation in pixels, greater than 0.
    init(sigma: Float) {
        var half = (0...max(1, Int((3 * sigma).rounded(.up)))).map { index in
            expf(-Float(index * index) / (2 * sigma * sigma))
        }
        let sum = half[0] + 2 * half.dropFirst().reduce(0, +)
        for index in half.indices { half[index] /= sum }
        taps = half
    }

    /// - Parameter samples: `height × width × 3`.
    func apply(_ samples: [Float], width: Int, height: Int, workers: Workers) -> [Float] {
        var result = [Float](repeating: 0, count: samples.count)
        samples.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                let (input, output) = (SharedConstPointer(source), SharedPointer(target))
                workers.forEach(height, grain: 16) { rows in
                    let row = 3 * width
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: row) { line in
                        for y in rows {
                            blurColumns(input.base, y: y, row: row, height: height, into: line)
                            blurRow(UnsafeBufferPointer(line), width: width, into: output.base + y * row)
                        }
                    }
                }
            }
        }
        return result
    }

    /// One row of the vertically blurred image.
    private func blurColumns(
        _ source: UnsafePointer<Float>, y: Int, row: Int, height: Int, into line: UnsafeMutableBufferPointer<Float>
    ) {
        let middle = source + y * row
        for index in 0..<row { line[index] = taps[0] * middle[index] }
        for step in 1...radius {
            let above = source + max(0, y - step) * row
            let below = source + min(height - 1, y + step) * row
            let weight = taps[step]
            for index in 0..<row { line[index] += weight * (above[index] + below[index]) }
        }
    }

    private func blurRow(_ line: UnsafeBufferPointer<Float>, width: Int, into out: UnsafeMutablePointer<Float>) {
        for index in 0..<3 * width { out[index] = taps[0] * line[index] }
        for step in 1...radius {
            let weight = taps[step]
            for x in 0..<width {
                let (left, right) = (3 * max(0, x - step), 3 * min(width - 1, x + step))
                out[3 * x] += weight * (line[left] + line[right])
                out[3 * x + 1] += weight * (line[left + 1] + line[right + 1])
                out[3 * x + 2] += weight * (line[left + 2] + line[right + 2])
            }
        }
    }
}
