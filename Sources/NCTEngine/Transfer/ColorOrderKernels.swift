import CKernels

extension TransferKernels {
    /// All pixels sorted by cluster, place on the curve and hash.
    static func colorOrder(
        source: LabImage, clusters: LabelMap<Cluster>?, seed: UInt64, workers: Workers
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
        source: LabImage, clusters: LabelMap<Cluster>?, order: [Int32], reach: Int, workers: Workers
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

    private static func withLabels(_ clusters: LabelMap<Cluster>?, _ body: (SharedConstPointer<UInt8>?) -> Void) {
        guard let clusters else { return body(nil) }
        clusters.bytes.withUnsafeBufferPointer { body(SharedConstPointer($0)) }
    }
}
