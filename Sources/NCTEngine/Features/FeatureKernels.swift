import CKernels

/// The bridge to the C kernels around the network's convolutions, which have their own file.
package enum FeatureKernels {
    /// Each channel's weighted sums, in double precision, in a fixed order.
    package static func weightedSums(_ map: FeatureMap, weights: [Float], workers: Workers) -> ChannelSums {
        precondition(weights.count == map.pixelCount, "a weight a pixel")
        let channels = map.channels
        var sums = [Double](repeating: 0, count: 2 * channels)
        map.values.withUnsafeBufferPointer { values in
            weights.withUnsafeBufferPointer { weights in
                guard let base = values.baseAddress, let weightBase = weights.baseAddress else { return }
                let (from, by) = (SharedConstPointer(base), SharedConstPointer(weightBase))
                let parts = workers.map(map.pixelCount, grain: 8192) { range -> [Double] in
                    var part = [Double](repeating: 0, count: 2 * channels)
                    part.withUnsafeMutableBufferPointer { part in
                        nct_channel_sums(
                            from.base + range.lowerBound * channels, by.base + range.lowerBound, range.count, channels,
                            part.baseAddress!, part.baseAddress! + channels)
                    }
                    return part
                }
                for part in parts { for index in 0..<2 * channels { sums[index] += part[index] } }
            }
        }
        return ChannelSums(
            values: Array(sums[..<channels]), squares: Array(sums[channels...]),
            weight: weights.reduce(0) { $0 + Double($1) })
    }

    /// `rows × inner` times `inner × columns` plus a row of offsets, cut into pieces of rows.
    package static func affine(
        _ values: [Float], rows: Int, inner: Int, matrix: [Float], columns: Int, offset: [Float], workers: Workers
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows * columns) { output, initialized in
            initialized = rows * columns
            guard initialized > 0 else { return }
            withAll(values, matrix, offset) { from, by, start in
                let to = SharedPointer(output)
                workers.forEach(rows, grain: 2048) { range in
                    let target = to.base + range.lowerBound * columns
                    for row in 0..<range.count {
                        (target + row * columns).update(from: start.base, count: columns)
                    }
                    LinearAlgebra.multiply(
                        rows: range.count, columns: columns, inner: inner, a: from.base + range.lowerBound * inner,
                        aStride: inner, b: by.base, bStride: columns, c: target, cStride: columns,
                        accumulate: true)
                }
            }
        }
    }

    private static func withAll(
        _ first: [Float], _ second: [Float], _ third: [Float],
        _ body: (SharedConstPointer<Float>, SharedConstPointer<Float>, SharedConstPointer<Float>) -> Void
    ) {
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                third.withUnsafeBufferPointer { third in
                    body(SharedConstPointer(first), SharedConstPointer(second), SharedConstPointer(third))
                }
            }
        }
    }
}

extension FeatureKernels {
    /// The nearest center of each point and the squared distance to it.
    package static func nearestCenters(
        _ points: [Float], dimensions: Int, centers: [Float], workers: Workers
    ) -> (labels: [UInt8], distances: [Float]) {
        let count = points.count / dimensions
        let centerCount = centers.count / dimensions
        var labels = [UInt8](repeating: 0, count: count)
        var distances = [Float](repeating: 0, count: count)
        guard count > 0 else { return (labels, distances) }
        points.withUnsafeBufferPointer { points in
            centers.withUnsafeBufferPointer { centers in
                labels.withUnsafeMutableBufferPointer { labels in
                    distances.withUnsafeMutableBufferPointer { distances in
                        let (points, centers) = (SharedConstPointer(points), SharedConstPointer(centers))
                        let (labels, distances) = (SharedPointer(labels), SharedPointer(distances))
                        workers.forEach(count, grain: 8192) { range in
                            nct_nearest_center(
                                points.base + range.lowerBound * dimensions, range.count, dimensions, centers.base,
                                centerCount, labels.base + range.lowerBound, distances.base + range.lowerBound)
                        }
                    }
                }
            }
        }
        return (labels, distances)
    }
}
