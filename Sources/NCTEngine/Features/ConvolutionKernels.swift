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

    /// The tensors `NAME.weight` (height × width × in × out) and `NAME.bias` of a file.
    ///
    /// Throws ``EngineError/Code/invalidWeights`` naming the tensor.
    package init(_ shape: ConvolutionShape, of file: Safetensors, named name: String) throws {
        self.init(
            shape,
            weights: try file.floats(name + ".weight", shape: [3, 3, shape.inputChannels, shape.outputChannels]),
            bias: try file.floats(name + ".bias", shape: [shape.outputChannels]))
    }

    /// The convolution of a whole map; with `pooling`, only the 2×2 maxima of the result are kept.
    ///
    /// - Precondition: the map has the shape's input channels.
    package func callAsFunction(_ input: FeatureMap, pooling: Bool, workers: Workers) -> FeatureMap {
        let result = result(of: Rows(of: input), pooling: pooling)
        let values = [Float](unsafeUninitializedCapacity: result.count) { output, initialized in
            initialized = result.count
            guard result.count > 0 else { return }
            input.values.withUnsafeBufferPointer { map in
                compute(
                    0..<result.height,
                    of: Source(map: Rows(of: input), values: SharedConstPointer(map), firstRow: 0), pooling: pooling,
                    into: SharedPointer(output), firstRow: 0, workers: workers)
            }
        }
        return FeatureMap(width: result.width, height: result.height, channels: result.channels, values: values)
    }

    /// A map's size.
    struct Rows: Sendable {
        let width: Int
        let height: Int
        let channels: Int

        init(of map: FeatureMap) { self.init(width: map.width, height: map.height, channels: map.channels) }

        init(width: Int, height: Int, channels: Int) {
            self.width = width
            self.height = height
            self.channels = channels
        }

        var count: Int { width * height * channels }
    }

    /// Rows of a map, from `firstRow` on.
    struct Source: Sendable {
        let map: Rows
        let values: SharedConstPointer<Float>
        let firstRow: Int
    }

    func result(of map: Rows, pooling: Bool) -> Rows {
        precondition(map.channels == shape.inputChannels, "a map of the layer's input channels")
        return Rows(
            width: pooling ? map.width / 2 : map.width, height: pooling ? map.height / 2 : map.height,
            channels: shape.outputChannels)
    }

    /// The input rows that these rows of the result depend on.
    func needed(for rows: Range<Int>, of map: Rows, pooling: Bool) -> Range<Int> {
        let scale = pooling ? 2 : 1
        return max(0, scale * rows.lowerBound - 1)..<min(map.height, scale * rows.upperBound + 1)
    }

    /// Rows are computed in multiples of this many, but for the last.
    func rowStep(pooling: Bool) -> Int { isDirect ? 1 : pooling ? 2 : 4 }

    /// Computes rows of the result, from a multiple of ``rowStep(pooling:)`` on, into memory that holds it from
    /// `firstRow` on.
    func compute(
        _ rows: Range<Int>, of source: Source, pooling: Bool, into output: SharedPointer<Float>, firstRow: Int,
        workers: Workers
    ) {
        guard !rows.isEmpty, source.map.width > 0 else { return }
        weights.withUnsafeBufferPointer { weights in
            bias.withUnsafeBufferPointer { bias in
                let job = Job(
                    shape: shape, source: source, weights: SharedConstPointer(weights), bias: SharedConstPointer(bias),
                    pooling: pooling, output: output, outputRow: firstRow)
                if isDirect {
                    job.runDirect(rows, workers)
                } else {
                    let step = rowStep(pooling: pooling)
                    job.runWinograd(rows.lowerBound / step..<(rows.upperBound + step - 1) / step, workers)
                }
            }
        }
    }

    /// One application: what its pieces of work share.
    private struct Job: Sendable {
        let shape: ConvolutionShape
        let source: Source
        let weights: SharedConstPointer<Float>
        let bias: SharedConstPointer<Float>
        let pooling: Bool
        let output: SharedPointer<Float>
        /// The row of the result that `output` starts at.
        let outputRow: Int

        private func withC(_ body: (UnsafePointer<nct_convolution>, UnsafePointer<nct_rows>) -> Void) {
            var layer = nct_convolution(
                inputChannels: shape.inputChannels, outputChannels: shape.outputChannels, weights: weights.base,
                bias: bias.base)
            var rows = nct_rows(
                values: source.values.base, firstRow: source.firstRow, width: source.map.width,
                height: source.map.height)
            body(&layer, &rows)
        }

        /// Tiles in groups that fill the cache; at least some pieces for every thread on small maps.
        func runWinograd(_ tileRows: Range<Int>, _ workers: Workers) {
            let across = (source.map.width + 3) / 4
            let (first, tiles) = (tileRows.lowerBound * across, tileRows.count * across)
            let group = nct_winograd_group(shape.inputChannels, shape.outputChannels)
            let grain = min(8 * group, (tiles / 8 + 11) / 12 * 12)
            workers.forEach(tiles, grain: max(12, grain)) { range in
                withScratch(nct_winograd_scratch_count(shape.inputChannels, shape.outputChannels)) { scratch in
                    withC { layer, rows in
                        nct_winograd_tiles(
                            layer, rows, first + range.lowerBound, range.count, pooling ? 1 : 0, scratch, output.base,
                            outputRow)
                    }
                }
            }
        }

        func runDirect(_ wanted: Range<Int>, _ workers: Workers) {
            let (width, outputs) = (source.map.width, shape.outputChannels)
            let rowCount = (pooling ? width / 2 : width) * outputs
            let scratchCount = nct_direct_scratch_count(shape.inputChannels, width)
            workers.forEach(wanted.count, grain: pooling ? 4 : 8) { range in
                withScratch(scratchCount + (pooling ? 2 * width * outputs : 0)) { scratch in
                    withC { layer, rows in
                        let first = wanted.lowerBound + range.lowerBound
                        let target = output.base + (first - outputRow) * rowCount
                        guard pooling else {
                            nct_direct_rows(layer, rows, first, first + range.count, scratch, target)
                            return
                        }
                        let pair = scratch + scratchCount
                        for row in 0..<range.count {
                            nct_direct_rows(layer, rows, 2 * (first + row), 2 * (first + row) + 2, scratch, pair)
                            nct_max_pool(pair, width, 1, outputs, target + row * rowCount)
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
