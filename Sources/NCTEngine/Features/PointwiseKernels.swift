import CKernels

/// A product of each pixel's channels with a matrix, plus a row of offsets: a 1×1 convolution, its weights laid out for
/// the kernel.
package struct Pointwise: Sendable {
    package let inputs: Int
    package let outputs: Int
    /// `inputs × outputs`.
    private let matrix: [Float]
    private let packed: [Float]
    /// Zero past the outputs.
    private let bias: [Float]

    private static let rowGrain = 8

    /// - Parameters:
    ///   - weights: `inputs × outputs`.
    ///   - bias: one an output; zeros if nil.
    /// - Precondition: as many values as inputs and outputs say.
    package init(inputs: Int, outputs: Int, weights: [Float], bias: [Float]? = nil) {
        precondition(weights.count == inputs * outputs && bias?.count ?? outputs == outputs, "weights of the shape")
        self.inputs = inputs
        self.outputs = outputs
        matrix = weights
        let count = nct_pointwise_weight_count(inputs, outputs)
        packed = [Float](unsafeUninitializedCapacity: count) { packed, initialized in
            initialized = count
            guard let base = packed.baseAddress else { return }
            nct_pointwise_pack(weights, inputs, outputs, base)
        }
        let padding = nct_padded_channels(outputs) - outputs
        self.bias = (bias ?? [Float](repeating: 0, count: outputs)) + [Float](repeating: 0, count: padding)
    }

    /// The product of a whole map.
    ///
    /// - Parameters:
    ///   - rectified: whether the result is clamped below at zero.
    /// - Precondition: the map has as many channels as there are inputs.
    package func callAsFunction(_ map: FeatureMap, rectified: Bool = false, workers: Workers) -> FeatureMap {
        run(map, rectified: rectified, workers: workers) { _, _ in }
    }

    /// The product plus a map of half the size, enlarged bilinearly, and the sum clamped below at zero. An empty
    /// map of half the size adds nothing.
    ///
    /// - Precondition: `coarse` has as many channels as there are outputs.
    package func callAsFunction(_ map: FeatureMap, addingDoubled coarse: FeatureMap, workers: Workers) -> FeatureMap {
        precondition(coarse.channels == outputs, "a map of the product's channels")
        guard coarse.pixelCount > 0 else { return self(map, rectified: true, workers: workers) }
        return coarse.values.withUnsafeBufferPointer { values in
            let from = SharedConstPointer(values)
            return run(map, rectified: false, workers: workers) { y, row in
                nct_add_doubled_relu(row, map.width, y, from.base, coarse.width, coarse.height, outputs)
            }
        }
    }

    /// The first output for the mean of all pixels.
    package func first(ofMean map: FeatureMap, mask: DataMask? = nil) -> Float {
        var sums = [Double](repeating: 0, count: inputs)
        for pixel in 0..<map.pixelCount where mask.isData(pixel) {
            for channel in 0..<inputs { sums[channel] += Double(map.values[pixel * inputs + channel]) }
        }
        var score = Double(bias[0])
        for channel in 0..<inputs {
            score += sums[channel] / Double(mask?.count ?? map.pixelCount) * Double(matrix[channel * outputs])
        }
        return Float(score)
    }

    /// - Parameter finish: called with each row's number and its result.
    private func run(
        _ map: FeatureMap, rectified: Bool, workers: Workers,
        finish: @Sendable (Int, UnsafeMutablePointer<Float>) -> Void
    ) -> FeatureMap {
        precondition(map.channels == inputs, "a map of the layer's inputs")
        let (width, count) = (map.width, map.pixelCount * outputs)
        let values = [Float](unsafeUninitializedCapacity: count) { output, initialized in
            initialized = count
            guard count > 0 else { return }
            map.values.withUnsafeBufferPointer { values in
                packed.withUnsafeBufferPointer { packed in
                    bias.withUnsafeBufferPointer { bias in
                        let (from, to) = (SharedConstPointer(values), SharedPointer(output))
                        let (weights, offsets) = (SharedConstPointer(packed), SharedConstPointer(bias))
                        workers.forEach(map.height, grain: Self.rowGrain) { rows in
                            var layer = nct_pointwise_layer(
                                inputs: inputs, outputs: outputs, weights: weights.base, bias: offsets.base)
                            for y in rows {
                                let row = to.base + y * width * outputs
                                nct_pointwise(&layer, from.base + y * width * inputs, width, rectified ? 1 : 0, row)
                                finish(y, row)
                            }
                        }
                    }
                }
            }
        }
        return FeatureMap(width: width, height: map.height, channels: outputs, values: values)
    }
}
