import Foundation

/// Loops over whole planes for the quality figures; all are cut into pieces of rows by size alone.
enum QualityKernels {
    private static let grain = 32

    /// Convolves with a Gaussian cut at three deviations, the border repeated outward.
    static func smoothed(_ plane: Plane, sigma: Float, workers: Workers) -> Plane {
        let (width, height) = (plane.width, plane.height)
        let radius = max(1, Int((3 * sigma).rounded(.up)))
        var taps = (0...radius).map { exp(-Float($0 * $0) / (2 * sigma * sigma)) }
        let sum = taps[0] + 2 * taps.dropFirst().reduce(0, +)
        for index in taps.indices { taps[index] /= sum }
        let weights = taps
        var result = Plane(width: width, height: height)
        plane.values.withUnsafeBufferPointer { input in
            result.values.withUnsafeMutableBufferPointer { output in
                guard let from = input.baseAddress, let to = output.baseAddress else { return }
                let (from_, to_) = (SharedConstPointer(from), SharedPointer(to))
                workers.forEach(height, grain: grain) { rows in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: width + 2 * radius) { line in
                        guard let line = line.baseAddress else { return }
                        for y in rows {
                            let middle = line + radius
                            let row = from_.base + y * width
                            for x in 0..<width { middle[x] = weights[0] * row[x] }
                            for step in 1...radius {
                                let above = from_.base + max(0, y - step) * width
                                let below = from_.base + min(height - 1, y + step) * width
                                let weight = weights[step]
                                for x in 0..<width { middle[x] += weight * (above[x] + below[x]) }
                            }
                            for step in 1...radius {
                                middle[-step] = middle[0]
                                middle[width - 1 + step] = middle[width - 1]
                            }
                            let out = to_.base + y * width
                            for x in 0..<width { out[x] = weights[0] * middle[x] }
                            for step in 1...radius {
                                let weight = weights[step]
                                let (left, right) = (middle - step, middle + step)
                                for x in 0..<width { out[x] += weight * (left[x] + right[x]) }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// The mean over all windows of `side × side` pixels of the structural similarity of two planes.
    ///
    /// - Precondition: the planes have one size, with a window in it.
    static func structuralSimilarity(
        _ first: Plane, _ second: Plane, side: Int, constants: (Float, Float), workers: Workers
    ) -> Double {
        precondition(first.width == second.width && first.height == second.height, "both planes have one size")
        precondition(first.width >= side && first.height >= side, "a window fits into the planes")
        let width = first.width
        let (across, down) = (width - side + 1, first.height - side + 1)
        let area = 1 / Float(side * side)
        let sums = first.values.withUnsafeBufferPointer { first in
            second.values.withUnsafeBufferPointer { second in
                let (a, b) = (SharedConstPointer(first), SharedConstPointer(second))
                return workers.map(down, grain: grain) { rows in
                    withUnsafeTemporaryAllocation(of: Float.self, capacity: 5 * width) { columns in
                        guard let columns = columns.baseAddress else { return 0.0 }
                        var sum = 0.0
                        for y in rows {
                            columns.update(repeating: 0, count: 5 * width)
                            for row in y..<y + side {
                                addMoments(a.base + row * width, b.base + row * width, width, to: columns)
                            }
                            for x in 0..<across {
                                var window = (Float(0), Float(0), Float(0), Float(0), Float(0))
                                for column in x..<x + side {
                                    window.0 += columns[column]
                                    window.1 += columns[width + column]
                                    window.2 += columns[2 * width + column]
                                    window.3 += columns[3 * width + column]
                                    window.4 += columns[4 * width + column]
                                }
                                let (p, q) = (window.0 * area, window.1 * area)
                                let variances = max(0, window.2 * area - p * p) + max(0, window.3 * area - q * q)
                                let covariance = window.4 * area - p * q
                                sum += Double(
                                    (2 * p * q + constants.0) * (2 * covariance + constants.1)
                                        / ((p * p + q * q + constants.0) * (variances + constants.1)))
                            }
                        }
                        return sum
                    }
                }
            }
        }
        return sums.reduce(0, +) / Double(across * down)
    }

    /// Adds a row's samples, squares and products to the five column sums.
    @inline(__always)
    private static func addMoments(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ width: Int, to columns: UnsafeMutablePointer<Float>
    ) {
        for x in 0..<width {
            columns[x] += a[x]
            columns[width + x] += b[x]
            columns[2 * width + x] += a[x] * a[x]
            columns[3 * width + x] += b[x] * b[x]
            columns[4 * width + x] += a[x] * b[x]
        }
    }
}
