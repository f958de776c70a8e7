import CKernelTwins
import CKernels
import NCTEngine

// The twins of `convolution.c`, `features.c`, `pointwise.c` and `pyramid.c`: by the fast kernel and by its twin.
extension FeatureKernels {
    static func convolution(
        of map: FeatureMap, _ shape: ConvolutionShape, weights: [Float], bias: [Float]
    ) -> (fast: FeatureMap, scalar: FeatureMap) {
        both(from: FeatureMap(width: map.width, height: map.height, channels: shape.outputChannels)) {
            guard $0 else {
                let convolution = Convolution(shape, weights: weights, bias: bias)
                return $1 = convolution(map, pooling: false, workers: Workers(threads: 1))
            }
            nct_convolution_scalar(
                map.values, map.width, map.height, shape.inputChannels, shape.outputChannels, weights, bias, 0,
                map.height, &$1.values)
        }
    }

    static func product(
        of map: FeatureMap, weights: [Float], bias: [Float], rectified: Bool
    ) -> (fast: FeatureMap, scalar: FeatureMap) {
        both(from: FeatureMap(width: map.width, height: map.height, channels: bias.count)) {
            guard $0 else {
                let layer = Pointwise(inputs: map.channels, outputs: bias.count, weights: weights, bias: bias)
                return $1 = layer(map, rectified: rectified, workers: Workers(threads: 2))
            }
            nct_pointwise_scalar(
                weights, bias, map.channels, bias.count, map.values, map.pixelCount, rectified ? 1 : 0, &$1.values)
        }
    }

    /// The nearest centers, and the squared distances to them.
    typealias Nearest = (labels: [UInt8], distances: [Float])

    static func nearestCenters(
        _ points: [Float], dimensions: Int, centers: [Float]
    ) -> (fast: Nearest, scalar: Nearest) {
        let count = points.count / dimensions
        let empty: Nearest = ([UInt8](repeating: 0, count: count), [Float](repeating: 0, count: count))
        return both(from: empty) {
            guard $0 else {
                return $1 = nearestCenters(
                    points, dimensions: dimensions, centers: centers, workers: Workers(threads: 2))
            }
            nct_nearest_center_scalar(
                points, count, dimensions, centers, centers.count / dimensions, &$1.labels, &$1.distances)
        }
    }

    static func maxPool(_ map: FeatureMap) -> (fast: [Float], scalar: [Float]) {
        let rows = map.height / 2
        return both(from: [Float](repeating: -1, count: rows * (map.width / 2) * map.channels)) {
            ($0 ? nct_max_pool_scalar : nct_max_pool)(map.values, map.width, rows, map.channels, &$1)
        }
    }

    /// Sums, then sums of squares.
    static func channelSums(_ map: FeatureMap) -> (fast: [Double], scalar: [Double]) {
        let weights = (0..<map.pixelCount).map { Float($0 % 7) * 0.25 }
        return both(from: []) {
            var sums = [Double](repeating: 0, count: map.channels)
            var squares = sums
            ($0 ? nct_channel_sums_scalar : nct_channel_sums)(
                map.values, weights, map.pixelCount, map.channels, &sums, &squares)
            $1 = sums + squares
        }
    }

    static func quantize(
        _ values: [Float], components: Int, scale: Float, limit: Float, stride: Int
    ) -> (fast: [Int8], scalar: [Int8]) {
        let count = values.count / components
        return both(from: [Int8](repeating: 0, count: count * stride)) {
            ($0 ? nct_quantize_scalar : nct_quantize)(values, count, components, scale, limit, &$1, stride)
        }
    }

    /// Twice a coarse map added to a fine one, and the sum rectified.
    static func addDoubled(
        _ coarse: FeatureMap, to fine: FeatureMap
    ) -> (fast: FeatureMap, scalar: FeatureMap) {
        let (width, channels) = (fine.width, fine.channels)
        return both(from: fine) {
            guard $0 else {
                // The identity: what is added to is the map itself.
                let identity = Pointwise(
                    inputs: channels, outputs: channels,
                    weights: (0..<channels * channels).map { $0 % (channels + 1) == 0 ? 1 : 0 })
                return $1 = identity(fine, addingDoubled: coarse, workers: Workers(threads: 2))
            }
            $1.values.withUnsafeMutableBufferPointer { values in
                for y in 0..<fine.height {
                    nct_add_doubled_relu_scalar(
                        values.baseAddress! + y * width * channels, width, y, coarse.values, coarse.width,
                        coarse.height, channels)
                }
            }
        }
    }

    /// Three sums and three sums of squares.
    static func sampleSums(_ image: RGBImage) -> (fast: [Double], scalar: [Double]) {
        both(from: []) {
            var (sums, squares) = ([0.0, 0, 0], [0.0, 0, 0])
            ($0 ? nct_sample_sums_scalar : nct_sample_sums)(image.samples, image.pixelCount, &sums, &squares)
            $1 = sums + squares
        }
    }

    static func standardize(
        _ image: RGBImage, factor: Float, offset: [Float]
    ) -> (fast: [Float], scalar: [Float]) {
        both(from: [Float](repeating: 0, count: image.samples.count)) {
            ($0 ? nct_standardize_scalar : nct_standardize)(image.samples, image.pixelCount, factor, offset, &$1)
        }
    }
}
