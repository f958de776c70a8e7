import CKernels

/// The bridge to the C kernels around the network's matrix products.
package enum FeatureKernels {
    /// 3×3 convolution (zero padding), bias and ReLU of the pixels `first..<first + count`, `tile` pixels at a time.
    ///
    /// - Parameters:
    ///   - scratch: room for `tile × 9 × input channels` values.
    ///   - output: room for `count × output channels` values.
    package static func convolve(
        _ input: UnsafePointer<Float>, width: Int, height: Int, first: Int, count: Int, tile: Int,
        layer: ConvolutionShape, weights: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        scratch: UnsafeMutablePointer<Float>, output: UnsafeMutablePointer<Float>
    ) {
        let inner = 9 * layer.inputChannels
        for start in stride(from: 0, to: count, by: tile) {
            let pixels = min(tile, count - start)
            let target = output + start * layer.outputChannels
            nct_gather_3x3(input, width, height, layer.inputChannels, first + start, pixels, scratch)
            LinearAlgebra.multiply(
                rows: pixels, columns: layer.outputChannels, inner: inner, a: scratch, aStride: inner, b: weights,
                bStride: layer.outputChannels, c: target, cStride: layer.outputChannels)
            nct_bias_relu(target, bias, pixels, layer.outputChannels)
        }
    }

    /// Convolution of a whole map; with `pooling`, only the 2×2 maxima of the result are kept.
    package static func convolution(
        _ input: FeatureMap, layer: ConvolutionShape, weights: [Float], bias: [Float], pooling: Bool, workers: Workers
    ) -> FeatureMap {
        let (width, height) = (input.width, input.height)
        let tile = layer.tile
        // Pieces: row pairs when pooling, else tiles of pixels.
        let rowsOut = pooling ? height / 2 : 0
        let widthOut = pooling ? width / 2 : width
        let pixelsOut = pooling ? rowsOut * widthOut : width * height
        let values = [Float](unsafeUninitializedCapacity: pixelsOut * layer.outputChannels) { output, initialized in
            initialized = pixelsOut * layer.outputChannels
            guard initialized > 0 else { return }
            input.values.withUnsafeBufferPointer { map in
                weights.withUnsafeBufferPointer { weights in
                    bias.withUnsafeBufferPointer { bias in
                        let (map, weights, bias) = (
                            SharedConstPointer(map), SharedConstPointer(weights), SharedConstPointer(bias)
                        )
                        let to = SharedPointer(output)
                        let grain = pooling ? 2 : 4 * tile
                        workers.forEach(pooling ? rowsOut : width * height, grain: grain) { range in
                            withScratch(tile * 9 * layer.inputChannels) { scratch in
                                if pooling {
                                    let pixels = 2 * range.count * width
                                    withScratch(pixels * layer.outputChannels) { band in
                                        convolve(
                                            map.base, width: width, height: height,
                                            first: 2 * range.lowerBound * width, count: pixels, tile: tile,
                                            layer: layer, weights: weights.base, bias: bias.base, scratch: scratch,
                                            output: band)
                                        nct_max_pool(
                                            band, width, range.count, layer.outputChannels,
                                            to.base + range.lowerBound * widthOut * layer.outputChannels)
                                    }
                                } else {
                                    convolve(
                                        map.base, width: width, height: height, first: range.lowerBound,
                                        count: range.count, tile: tile, layer: layer, weights: weights.base,
                                        bias: bias.base, scratch: scratch,
                                        output: to.base + range.lowerBound * layer.outputChannels)
                                }
                            }
                        }
                    }
                }
            }
        }
        return FeatureMap(
            width: widthOut, height: pooling ? rowsOut : height, channels: layer.outputChannels, values: values)
    }

    /// Each channel's weighted mean and standard deviation, in double precision, in a fixed order.
    package static func channelStatistics(
        _ map: FeatureMap, weights: [Float], workers: Workers
    ) -> (mean: [Double], deviation: [Double]) {
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
        let total = max(weights.reduce(0) { $0 + Double($1) }, 1e-30)
        let mean = (0..<channels).map { sums[$0] / total }
        let deviation = (0..<channels).map { channel in
            max(0, sums[channels + channel] / total - mean[channel] * mean[channel]).squareRoot()
        }
        return (mean, deviation)
    }

    /// `rows × inner` times `inner × columns` plus a row of offsets, cut into pieces of rows.
    package static func affine(
        _ values: [Float], rows: Int, inner: Int, matrix: [Float], columns: Int, offset: [Float], workers: Workers
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: rows * columns) { output, initialized in
            initialized = rows * columns
            guard initialized > 0 else { return }
            values.withUnsafeBufferPointer { values in
                matrix.withUnsafeBufferPointer { matrix in
                    let (from, by) = (SharedConstPointer(values), SharedConstPointer(matrix))
                    let to = SharedPointer(output)
                    workers.forEach(rows, grain: 2048) { range in
                        let target = to.base + range.lowerBound * columns
                        for row in 0..<range.count {
                            for column in 0..<columns { target[row * columns + column] = offset[column] }
                        }
                        LinearAlgebra.multiply(
                            rows: range.count, columns: columns, inner: inner, a: from.base + range.lowerBound * inner,
                            aStride: inner, b: by.base, bStride: columns, c: target, cStride: columns,
                            accumulate: true)
                    }
                }
            }
        }
    }

    static func withScratch<R>(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> R) -> R {
        let scratch = UnsafeMutablePointer<Float>.allocate(capacity: max(1, count))
        defer { scratch.deallocate() }
        return body(scratch)
    }
}

/// The channels of a 3×3 convolution.
package struct ConvolutionShape: Sendable, Equatable {
    package let inputChannels: Int
    package let outputChannels: Int

    package init(inputChannels: Int, outputChannels: Int) {
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
    }

    /// Pixels gathered at a time: few, so that the gathered rows stay in the level-2 cache, but more for deep layers,
    /// where packing the weights anew for each product would cost more.
    var tile: Int { inputChannels <= 64 ? 192 : (inputChannels <= 128 ? 256 : 512) }
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

// The twins, for the tests.
extension FeatureKernels {
    package static func nearestCentersScalar(
        _ points: [Float], dimensions: Int, centers: [Float]
    ) -> (labels: [UInt8], distances: [Float]) {
        let count = points.count / dimensions
        var labels = [UInt8](repeating: 0, count: count)
        var distances = [Float](repeating: 0, count: count)
        nct_nearest_center_scalar(
            points, count, dimensions, centers, centers.count / dimensions, &labels, &distances)
        return (labels, distances)
    }

    /// The gathered neighborhoods by the fast kernel and by its twin.
    package static func gather(_ map: FeatureMap, first: Int, count: Int) -> (fast: [Float], scalar: [Float]) {
        var fast = [Float](repeating: -1, count: count * 9 * map.channels)
        var scalar = fast
        nct_gather_3x3(map.values, map.width, map.height, map.channels, first, count, &fast)
        nct_gather_3x3_scalar(map.values, map.width, map.height, map.channels, first, count, &scalar)
        return (fast, scalar)
    }

    package static func maxPool(_ map: FeatureMap) -> (fast: [Float], scalar: [Float]) {
        let rows = map.height / 2
        var fast = [Float](repeating: -1, count: rows * (map.width / 2) * map.channels)
        var scalar = fast
        nct_max_pool(map.values, map.width, rows, map.channels, &fast)
        nct_max_pool_scalar(map.values, map.width, rows, map.channels, &scalar)
        return (fast, scalar)
    }

    package static func biasReLU(_ map: FeatureMap, bias: [Float]) -> (fast: [Float], scalar: [Float]) {
        var fast = map.values
        var scalar = map.values
        nct_bias_relu(&fast, bias, map.pixelCount, map.channels)
        nct_bias_relu_scalar(&scalar, bias, map.pixelCount, map.channels)
        return (fast, scalar)
    }

    package static func channelSums(_ map: FeatureMap) -> (fast: [Double], scalar: [Double]) {
        var (a, b) = ([Double](repeating: 0, count: map.channels), [Double](repeating: 0, count: map.channels))
        var (c, d) = (a, b)
        let weights = (0..<map.pixelCount).map { Float($0 % 7) * 0.25 }
        nct_channel_sums(map.values, weights, map.pixelCount, map.channels, &a, &b)
        nct_channel_sums_scalar(map.values, weights, map.pixelCount, map.channels, &c, &d)
        return (a + b, c + d)
    }

    package static func quantize(
        _ values: [Float], components: Int, scale: Float, limit: Float, stride: Int
    ) -> (fast: [Int16], scalar: [Int16]) {
        let count = values.count / components
        var fast = [Int16](repeating: 0, count: count * stride)
        var scalar = fast
        nct_quantize(values, count, components, scale, limit, &fast, stride)
        nct_quantize_scalar(values, count, components, scale, limit, &scalar, stride)
        return (fast, scalar)
    }
}
