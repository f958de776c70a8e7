import CKernels

/// The bridge to the C kernels that join the grids of a feature pyramid.
extension FeatureKernels {
    /// An image's samples minus each channel's mean, over one deviation for all channels: `height × width × 3`.
    ///
    /// - Parameter leastDeviation: what the deviation is taken for at least.
    static func standardized(_ image: RGBImage, leastDeviation: Double, workers: Workers) -> FeatureMap {
        let map = FeatureMap(width: image.width, height: image.height, channels: 3, values: image.samples)
        let (means, deviations) = channelStatistics(
            map, weights: [Float](repeating: 1, count: map.pixelCount), workers: workers)
        let deviation = (deviations.reduce(0) { $0 + $1 * $1 } / 3).squareRoot()
        let factor = Float(1 / max(deviation, leastDeviation))
        let offset = means.map { -Float($0) * factor }
        var result = map
        result.values.withUnsafeMutableBufferPointer { values in
            for pixel in 0..<image.pixelCount {
                for channel in 0..<3 {
                    values[3 * pixel + channel] = values[3 * pixel + channel] * factor + offset[channel]
                }
            }
        }
        return result
    }

    /// 2×2 maxima with stride 2; an odd last row or column is dropped.
    static func maxPool(_ map: FeatureMap, workers: Workers) -> FeatureMap {
        let (width, height, channels) = (map.width / 2, map.height / 2, map.channels)
        let values = [Float](unsafeUninitializedCapacity: width * height * channels) { output, initialized in
            initialized = width * height * channels
            guard initialized > 0 else { return }
            map.values.withUnsafeBufferPointer { values in
                let (from, to) = (SharedConstPointer(values), SharedPointer(output))
                workers.forEach(height, grain: 16) { rows in
                    nct_max_pool(
                        from.base + 2 * rows.lowerBound * map.width * channels, map.width, rows.count, channels,
                        to.base + rows.lowerBound * width * channels)
                }
            }
        }
        return FeatureMap(width: width, height: height, channels: channels, values: values)
    }

    /// Adds a map at twice its size (bilinearly) to a finer one and clamps the sum below at zero.
    package static func addDoubledAndRectify(_ coarse: FeatureMap, to fine: inout FeatureMap, workers: Workers) {
        let (width, height, channels) = (fine.width, fine.height, fine.channels)
        guard coarse.pixelCount > 0 else { return }
        fine.values.withUnsafeMutableBufferPointer { fine in
            coarse.values.withUnsafeBufferPointer { values in
                let (from, to) = (SharedConstPointer(values), SharedPointer(fine))
                workers.forEach(height, grain: 8) { rows in
                    for y in rows {
                        nct_add_doubled_relu(
                            to.base + y * width * channels, width, y, from.base, coarse.width, coarse.height, channels)
                    }
                }
            }
        }
    }

    /// Softmax over the channels of each pixel.
    package static func softmax(_ map: inout FeatureMap, workers: Workers) {
        let (count, channels) = (map.pixelCount, map.channels)
        guard count > 0 else { return }
        map.values.withUnsafeMutableBufferPointer { values in
            let values = SharedPointer(values)
            workers.forEach(count, grain: 8192) { range in
                nct_softmax(values.base + range.lowerBound * channels, range.count, channels)
            }
        }
    }

    // The twins, for the tests.

    package static func addDoubledAndRectifyScalar(_ coarse: FeatureMap, to fine: inout FeatureMap) {
        let (width, height, channels) = (fine.width, fine.height, fine.channels)
        fine.values.withUnsafeMutableBufferPointer { fine in
            for y in 0..<height {
                nct_add_doubled_relu_scalar(
                    fine.baseAddress! + y * width * channels, width, y, coarse.values, coarse.width, coarse.height,
                    channels)
            }
        }
    }

    package static func softmaxScalar(_ map: inout FeatureMap) {
        nct_softmax_scalar(&map.values, map.pixelCount, map.channels)
    }
}
