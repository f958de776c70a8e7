/// Convolutions one after the other, of which only the last one's result stands whole in memory.
///
/// The map is passed over in bands from the top. Each layer keeps the rows that the next one still needs and adds as
/// many as the band asks for, so nothing is computed twice and the result is that of the layers one by one, bit for
/// bit. Memory beside input and result: a band of each layer but the last, some megabytes.
package struct ConvolutionChain: Sendable {
    private let layers: [(convolution: Convolution, pooling: Bool)]

    /// - Precondition: at least one layer, each with the input channels that the one before puts out.
    package init(_ layers: [(convolution: Convolution, pooling: Bool)]) {
        precondition(!layers.isEmpty, "a chain needs a layer")
        self.layers = layers
    }

    package func callAsFunction(_ input: FeatureMap, workers: Workers) -> FeatureMap {
        var maps = [Convolution.Rows(of: input)]
        for layer in layers {
            maps.append(layer.convolution.result(of: maps.last!, pooling: layer.pooling))
        }
        let result = maps[layers.count]
        let bandRows = max(8, 8192 / max(1, result.width) / 4 * 4)
        let values = [Float](unsafeUninitializedCapacity: result.count) { output, initialized in
            initialized = result.count
            guard result.count > 0 else { return }
            input.values.withUnsafeBufferPointer { inputValues in
                var bands = zip(layers, maps.dropFirst()).dropLast().map { _, map in Band(of: map) }
                defer { bands.forEach { $0.deallocate() } }
                for top in stride(from: 0, to: result.height, by: bandRows) {
                    let last = top..<min(result.height, top + bandRows)
                    // What every layer has to have computed, from the last one back, in whole steps.
                    var wanted = [last]
                    for index in layers.indices.dropFirst().reversed() {
                        let rows = layers[index].convolution.needed(
                            for: wanted[0], of: maps[index], pooling: layers[index].pooling)
                        let step = layers[index - 1].convolution.rowStep(pooling: layers[index - 1].pooling)
                        let end = min(maps[index].height, (rows.upperBound + step - 1) / step * step)
                        wanted.insert(rows.lowerBound..<end, at: 0)
                    }
                    for index in layers.indices {
                        let (convolution, pooling) = layers[index]
                        let from =
                            index == 0
                            ? Convolution.Source(
                                map: maps[0], values: SharedConstPointer(inputValues), firstRow: 0)
                            : bands[index - 1].source
                        if index == layers.count - 1 {
                            convolution.compute(
                                last, of: from, pooling: pooling, into: SharedPointer(output), firstRow: 0,
                                workers: workers)
                        } else {
                            let fresh = bands[index].makeRoom(for: wanted[index])
                            convolution.compute(
                                fresh, of: from, pooling: pooling, into: bands[index].target,
                                firstRow: bands[index].rows.lowerBound, workers: workers)
                        }
                    }
                }
            }
        }
        return FeatureMap(width: result.width, height: result.height, channels: result.channels, values: values)
    }

    /// The rows of one layer's result that are in memory.
    private struct Band {
        private let map: Convolution.Rows
        private(set) var rows = 0..<0
        private var capacity = 0
        private var memory: UnsafeMutablePointer<Float>?

        init(of map: Convolution.Rows) { self.map = map }

        private var rowCount: Int { map.width * map.channels }

        var target: SharedPointer<Float> { SharedPointer(memory!) }
        var source: Convolution.Source {
            Convolution.Source(map: map, values: SharedConstPointer(memory!), firstRow: rows.lowerBound)
        }

        /// Drops the rows before those wanted, keeps the others, and returns those yet to be computed.
        mutating func makeRoom(for wanted: Range<Int>) -> Range<Int> {
            let end = max(rows.upperBound, wanted.upperBound)
            let kept = max(wanted.lowerBound, rows.lowerBound)..<rows.upperBound
            let begin = kept.isEmpty ? rows.upperBound : kept.lowerBound
            if end - begin > capacity {
                capacity = end - begin
                let larger = UnsafeMutablePointer<Float>.allocate(capacity: max(1, capacity * rowCount))
                if let memory, !kept.isEmpty {
                    larger.update(from: memory + (begin - rows.lowerBound) * rowCount, count: kept.count * rowCount)
                }
                memory?.deallocate()
                memory = larger
            } else if let memory, !kept.isEmpty {
                memory.update(from: memory + (begin - rows.lowerBound) * rowCount, count: kept.count * rowCount)
            }
            let fresh = rows.upperBound..<end
            rows = begin..<end
            return fresh
        }

        func deallocate() { memory?.deallocate() }
    }
}
