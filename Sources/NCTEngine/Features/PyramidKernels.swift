import CKernels

/// The bridge to the C kernels that join the grids of a feature pyramid.
extension FeatureKernels {
    /// An image's samples minus each channel's mean, over one deviation for all channels: `height × width × 3`.
    ///
    /// - Parameters:
    ///   - mask: the pixels whose mean and deviation these are.
    ///   - leastDeviation: what the deviation is taken for at least.
    static func standardized(
        _ image: RGBImage, mask: DataMask?, leastDeviation: Double, workers: Workers
    ) -> FeatureMap {
        let (means, deviations) = sampleSums(mask.data(of: image), workers: workers).statistics
        let deviation = (deviations.reduce(0) { $0 + $1 * $1 } / 3).squareRoot()
        let factor = Float(1 / max(deviation, leastDeviation))
        let offset = means.map { -Float($0) * factor }
        let values = [Float](unsafeUninitializedCapacity: 3 * image.pixelCount) { output, initialized in
            initialized = 3 * image.pixelCount
            guard initialized > 0 else { return }
            image.samples.withUnsafeBufferPointer { samples in
                let (from, to) = (SharedConstPointer(samples), SharedPointer(output))
                workers.forEach(image.pixelCount, grain: sampleGrain) { range in
                    nct_standardize(
                        from.base + 3 * range.lowerBound, range.count, factor, offset, to.base + 3 * range.lowerBound)
                }
            }
        }
        return FeatureMap(width: image.width, height: image.height, channels: 3, values: values)
    }

    /// Pixels that are looked at in one piece.
    private static let sampleGrain = 16384

    /// The sums of each channel's samples, in double precision, in a fixed order.
    private static func sampleSums(_ image: RGBImage, workers: Workers) -> ChannelSums {
        image.samples.withUnsafeBufferPointer { samples in
            guard let base = samples.baseAddress else { return ChannelSums(channels: 3) }
            let from = SharedConstPointer(base)
            let parts = workers.map(image.pixelCount, grain: sampleGrain) { range in
                var (sums, squares) = ([0.0, 0, 0], [0.0, 0, 0])
                nct_sample_sums(from.base + 3 * range.lowerBound, range.count, &sums, &squares)
                return ChannelSums(values: sums, squares: squares, weight: Double(range.count))
            }
            return parts.reduce(into: ChannelSums(channels: 3)) { $0.add($1, factor: 1) }
        }
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
}
