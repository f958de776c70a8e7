import CKernels

/// The channels of a 3×3 convolution.
package struct ConvolutionShape: Sendable, Equatable {
    package let inputChannels: Int
    package let outputChannels: Int

    package init(inputChannels: Int, outputChannels: Int) {
        self.inputChannels = inputChannels
        self.outputChannels = outputChannels
    }
}

/// A 3×3 convolution with zero padding, bias and ReLU, its weights laid out for the kernel that suits its channels.
///
/// Input channels in multiples of 8 go by Winograd's F(4×4, 3×3), whose weights take four times the memory; others
/// (the image's three) by a direct kernel. Neither gathers neighborhoods outside the level-2 cache.
package struct Convolution: Sendable {
    package let shape: ConvolutionShape
    private let weights: [Float]
    private let bias: [Float]
    private let isDirect: Bool

    /// - Parameters:
    ///   - weights: height × width × in × out.
    ///   - bias: one an output channel.
    /// - Precondition: as many values as the shape says.
    package init(_ shape: ConvolutionShape, weights: [Float], bias: [Float]) {
        let (inputs, outputs) = (shape.inputChannels, shape.outputChannels)
        precondition(weights.count == 9 * inputs * outputs && bias.count == outputs, "weights and bias of the shape")
        self.shape = shape
        let isDirect = inputs % 8 != 0
        let count =
            isDirect ? nct_direct_weight_count(inputs, outputs) : nct_winograd_weight_count(inputs, outputs)
        self.weights = [Float](unsafeUninitializedCapacity: count) { packed, initialized in
            initialized = count
            guard let base = packed.baseAddress else { return }
            if isDirect {
                nct_direct_pack(weights, inputs, outputs, base)
            } else {
                nct_winograd_pack(weights, inputs, outputs, base)
            }
        }
        self.bias = bias + [Float](repeating: 0, count: nct_padded_channels(outputs) - outputs)
        self.isDirect = isDirect
    }

    /// The convolution of a whole map; with `pooling`, only the 2×2 maxima of the result are kept.
    ///
    /// - Precondition: the map has the shape's input channels.
    package func callAsFunction(_ input: FeatureMap, pooling: Bool, workers: Workers) -> FeatureMap {
        precondition(input.channels == shape.inputChannels, "a map of the layer's input channels")
        let (width, height) = pooling ? (input.width / 2, input.height / 2) : (input.width, input.height)
        let count = width * height * shape.outputChannels
        let values = [Float](unsafeUninitializedCapacity: count) { output, initialized in
            initialized = count
            guard count > 0 else { return }
            input.values.withUnsafeBufferPointer { map in
                weights.withUnsafeBufferPointer { weights in
                    bias.withUnsafeBufferPointer { bias in
                        let job = Job(
                            shape: shape, map: SharedConstPointer(map), width: input.width, height: input.height,
                            weights: SharedConstPointer(weights), bias: SharedConstPointer(bias), pooling: pooling,
                            output: SharedPointer(output))
                        if isDirect { job.runDirect(workers) } else { job.runWinograd(workers) }
                    }
                }
            }
        }
        return FeatureMap(width: width, height: height, channels: shape.outputChannels, values: values)
    }

    /// One application: what its pieces of work share.
    private struct Job: Sendable {
        let shape: ConvolutionShape
        let map: SharedConstPointer<Float>
        let width: Int
        let height: Int
        let weights: SharedConstPointer<Float>
        let bias: SharedConstPointer<Float>
        let pooling: Bool
        let output: SharedPointer<Float>

        private func withC(_ body: (UnsafePointer<nct_convolution>, UnsafePointer<nct_rows>) -> Void) {
            var layer = nct_convolution(
                inputChannels: shape.inputChannels, outputChannels: shape.outputChannels, weights: weights.base,
                bias: bias.base)
            var rows = nct_rows(values: map.base, firstRow: 0, width: width, height: height)
            body(&layer, &rows)
        }

        /// Tiles in groups that fill the cache; at least some pieces for every thread on small maps.
        func runWinograd(_ workers: Workers) {
            let tiles = (width + 3) / 4 * ((height + 3) / 4)
            let group = nct_winograd_group(shape.inputChannels, shape.outputChannels)
            let grain = min(8 * group, (tiles / 8 + 11) / 12 * 12)
            workers.forEach(tiles, grain: max(12, grain)) { range in
                withScratch(nct_winograd_scratch_count(shape.inputChannels, shape.outputChannels)) { scratch in
                    withC { layer, rows in
                        nct_winograd_tiles(
                            layer, rows, range.lowerBound, range.count, pooling ? 1 : 0, scratch, output.base, 0)
                    }
                }
            }
        }

        func runDirect(_ workers: Workers) {
            let outputs = shape.outputChannels
            let scratchCount = nct_direct_scratch_count(shape.inputChannels, width)
            workers.forEach(pooling ? height / 2 : height, grain: pooling ? 4 : 8) { range in
                withScratch(scratchCount + (pooling ? 2 * width * outputs : 0)) { scratch in
                    withC { layer, rows in
                        guard pooling else {
                            nct_direct_rows(
                                layer, rows, range.lowerBound, range.upperBound, scratch,
                                output.base + range.lowerBound * width * outputs)
                            return
                        }
                        let pair = scratch + scratchCount
                        for row in range {
                            nct_direct_rows(layer, rows, 2 * row, 2 * row + 2, scratch, pair)
                            nct_max_pool(pair, width, 1, outputs, output.base + row * (width / 2) * outputs)
                        }
                    }
                }
            }
        }

        private func withScratch(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
            let scratch = UnsafeMutablePointer<Float>.allocate(capacity: count)
            defer { scratch.deallocate() }
            body(scratch)
        }
    }
}

extension FeatureKernels {
    /// A convolution whose weights are used once; ``Convolution`` keeps them prepared.
    package static func convolution(
        _ input: FeatureMap, layer: ConvolutionShape, weights: [Float], bias: [Float], pooling: Bool, workers: Workers
    ) -> FeatureMap {
        Convolution(layer, weights: weights, bias: bias)(input, pooling: pooling, workers: workers)
    }

    /// The twin, for the tests: directly, in double precision.
    package static func convolutionScalar(
        _ input: FeatureMap, layer: ConvolutionShape, weights: [Float], bias: [Float]
    ) -> FeatureMap {
        var map = FeatureMap(width: input.width, height: input.height, channels: layer.outputChannels)
        nct_convolution_scalar(
            input.values, input.width, input.height, layer.inputChannels, layer.outputChannels, weights, bias, 0,
            input.height, &map.values)
        return map
    }
}
