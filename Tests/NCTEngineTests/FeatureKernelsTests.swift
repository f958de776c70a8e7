import NCTEngine
import Testing

@Suite("Feature kernels")
struct FeatureKernelsTests {
    @Test(
        "Each fast kernel equals its scalar twin on maps of odd sizes",
        arguments: [(1, 1, 1), (3, 1, 5), (2, 7, 16), (13, 9, 3), (8, 8, 64), (31, 5, 7)])
    func twins(width: Int, height: Int, channels: Int) {
        let map = TestImages.features(width: width, height: height, channels: channels, seed: 17)
        let gathered = FeatureKernels.gather(map, first: 0, count: width * height)
        #expect(gathered.fast == gathered.scalar)
        let middle = FeatureKernels.gather(map, first: width * height / 3, count: width * height - width * height / 3)
        #expect(middle.fast == middle.scalar)
        let pooled = FeatureKernels.maxPool(map)
        #expect(pooled.fast == pooled.scalar)
        let bias = (0..<channels).map { Float($0) * 0.1 - 0.3 }
        let rectified = FeatureKernels.biasReLU(map, bias: bias)
        #expect(rectified.fast == rectified.scalar)
        let sums = FeatureKernels.channelSums(map)
        #expect(zip(sums.fast, sums.scalar).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) })
        let quantized = FeatureKernels.quantize(
            map.values, components: channels, scale: 613.7, limit: 800, stride: channels + 3)
        #expect(quantized.fast == quantized.scalar)
        #expect(quantized.fast.allSatisfy { abs($0) <= 800 })
    }

    @Test("A pooled convolution equals the convolution, then the pooling, at every size and thread count")
    func pooledConvolution() {
        var generator = SeededGenerator(seed: 4)
        let shape = ConvolutionShape(inputChannels: 5, outputChannels: 4)
        let weights = (0..<180).map { _ in Float.random(in: -1...1, using: &generator) }
        let bias: [Float] = [0.1, -0.2, 0.3, 0]
        for (width, height) in [(2, 2), (9, 7), (40, 23)] {
            let map = TestImages.features(width: width, height: height, channels: 5, seed: 3)
            let whole = FeatureKernels.convolution(
                map, layer: shape, weights: weights, bias: bias, pooling: false, workers: Workers(threads: 1))
            for threads in 1...3 {
                let pooled = FeatureKernels.convolution(
                    map, layer: shape, weights: weights, bias: bias, pooling: true, workers: Workers(threads: threads))
                #expect(pooled.width == width / 2 && pooled.height == height / 2)
                let expected = FeatureKernels.maxPool(whole).scalar
                #expect(zip(pooled.values, expected).allSatisfy { abs($0 - $1) < 1e-5 })
            }
        }
    }
}
