import CKernelTwins
import CKernels
import NCTEngine

// The twins of `color_order.c`: by the fast kernel and by its twin.
extension TransferKernels {
    static func colorKeys(
        source: LabImage, clusters: LabelMap<Cluster>?, range: Range<Int>, seed: UInt64
    ) -> (fast: [UInt64], scalar: [UInt64]) {
        both(from: [UInt64](repeating: 0, count: source.pixelCount)) { scalar, keys in
            withClusters(clusters) {
                (scalar ? nct_transfer_color_keys_scalar : nct_transfer_color_keys)(
                    source.samples, $0, range.lowerBound, range.upperBound, seed, ColorCurve.table, &keys)
            }
        }
    }

    /// The values 0, 1, … as they lie when sorted by their keys, after the sorted keys.
    static func sort(_ keys: [UInt64]) -> (fast: [UInt64], scalar: [UInt64]) {
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

    static func colorWeights(
        source: LabImage, clusters: LabelMap<Cluster>?, order: [Int32], range: Range<Int>, reach: Int
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: order.count * reach)) { scalar, weights in
            withClusters(clusters) {
                (scalar ? nct_transfer_color_weights_scalar : nct_transfer_color_weights)(
                    source.samples, $0, order, order.count, range.lowerBound, range.upperBound, reach, &weights)
            }
        }
    }
}

private func withClusters(_ clusters: LabelMap<Cluster>?, _ body: (UnsafePointer<UInt8>?) -> Void) {
    guard let clusters else { return body(nil) }
    clusters.bytes.withUnsafeBufferPointer { body($0.baseAddress) }
}
