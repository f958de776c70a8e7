import NCTEngine
import Testing

@Suite("Feature kernels")
struct FeatureKernelsTests {
    @Test(
        "Each fast kernel equals its scalar twin on maps of odd sizes",
        arguments: [(1, 1, 1), (3, 1, 5), (2, 7, 16), (13, 9, 3), (8, 8, 64), (31, 5, 7)])
    func twins(width: Int, height: Int, channels: Int) {
        let map = TestImages.features(width: width, height: height, channels: channels, seed: 17)
        let pooled = FeatureKernels.maxPool(map)
        #expect(pooled.fast == pooled.scalar)
        let sums = FeatureKernels.channelSums(map)
        #expect(zip(sums.fast, sums.scalar).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) })
        let quantized = FeatureKernels.quantize(
            map.values, components: channels, scale: 97.3, limit: 127, stride: channels + 3)
        #expect(quantized.fast == quantized.scalar)
        #expect(quantized.fast.allSatisfy { abs($0) <= 127 })
    }
}
