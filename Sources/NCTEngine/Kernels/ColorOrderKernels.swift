import CKernels

extension TransferKernels {
    /// All pixels sorted by cluster, place on the curve and hash.
    static func colorOrder(
        source: LabImage, clusters: LabelMap?, seed: UInt64, workers: Workers
    ) -> [Int32] {
        let count = source.pixelCount
        let table = ColorCurve.table
        guard count > 0 else { return [] }
        var keys: [UInt64] = filled(count) { keys in
            source.samples.withUnsafeBufferPointer { lab in
                table.withUnsafeBufferPointer { table in
                    withLabels(clusters) { labels in
                        let lab = SharedConstPointer(lab)
                        let table = SharedConstPointer(table)
                        workers.forEach(count, grain: grain) { range in
                            nct_transfer_color_keys(
                                lab.base, labels?.base, range.lowerBound, range.upperBound, seed, table.base,
                                keys.base)
                        }
                    }
                }
            }
        }
        var order = [Int32](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count { buffer[index] = Int32(truncatingIfNeeded: index) }
            initialized = count
        }
        let scratchKeys = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
        let scratchValues = UnsafeMutablePointer<Int32>.allocate(capacity: count)
        defer {
            scratchKeys.deallocate()
            scratchValues.deallocate()
        }
        nct_transfer_sort(&keys, &order, scratchKeys, scratchValues, count)
        return order
    }

    static func colorWeights(
        source: LabImage, clusters: LabelMap?, order: [Int32], reach: Int, workers: Workers
    ) -> [Float] {
        filled(order.count * reach) { out in
            source.samples.withUnsafeBufferPointer { lab in
                order.withUnsafeBufferPointer { order in
                    withLabels(clusters) { labels in
                        let count = order.count
                        let lab = SharedConstPointer(lab)
                        let order = SharedConstPointer(order)
                        workers.forEach(count, grain: grain) { range in
                            nct_transfer_color_weights(
                                lab.base, labels?.base, order.base, count, range.lowerBound, range.upperBound, reach,
                                out.base)
                        }
                    }
                }
            }
        }
    }

    private static func withLabels(_ clusters: LabelMap?, _ body: (SharedConstPointer<UInt8>?) -> Void) {
        guard let clusters else { return body(nil) }
        clusters.labels.withUnsafeBufferPointer { body(SharedConstPointer($0)) }
    }
}

// The twins, for the tests: by the fast kernel and by its twin.
extension TransferKernels {
    package static func colorKeys(
        source: LabImage, clusters: LabelMap?, range: Range<Int>, seed: UInt64
    ) -> (fast: [UInt64], scalar: [UInt64]) {
        both(from: [UInt64](repeating: 0, count: source.pixelCount)) { scalar, keys in
            withLabels(clusters) {
                (scalar ? nct_transfer_color_keys_scalar : nct_transfer_color_keys)(
                    source.samples, $0?.base, range.lowerBound, range.upperBound, seed, ColorCurve.table, &keys)
            }
        }
    }

    /// The values 0, 1, … as they lie when sorted by their keys, after the sorted keys.
    package static func sort(_ keys: [UInt64]) -> (fast: [UInt64], scalar: [UInt64]) {
        both(from: keys) { scalar, keys in
            var values = keys.indices.map { Int32($0) }
            var (otherKeys, otherValues) = (keys, values)
            if scalar {
                nct_transfer_sort_scalar(&keys, &values, keys.count)
            } else {
                nct_transfer_sort(&keys, &values, &otherKeys, &otherValues, keys.count)
            }
            keys += values.map { UInt64($0) }
        }
    }

    package static func colorWeights(
        source: LabImage, clusters: LabelMap?, order: [Int32], range: Range<Int>, reach: Int
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: order.count * reach)) { scalar, weights in
            withLabels(clusters) {
                (scalar ? nct_transfer_color_weights_scalar : nct_transfer_color_weights)(
                    source.samples, $0?.base, order, order.count, range.lowerBound, range.upperBound, reach, &weights)
            }
        }
    }
}
