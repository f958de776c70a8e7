import NCTEngine
import Testing

@Suite("Pointwise kernels")
struct PointwiseKernelsTests {
    @Test(
        "A product equals its scalar twin, clamped and not, for channels and sizes that fill no vector",
        arguments: [(1, 1), (3, 5), (16, 16), (16, 5), (32, 24), (48, 32), (128, 64), (7, 49)])
    func twin(inputs: Int, outputs: Int) {
        let weights = TestImages.features(width: inputs, height: 1, channels: outputs, seed: 5).values
        let bias = TestImages.features(width: 1, height: 1, channels: outputs, seed: 6).values
        for (width, height) in [(1, 1), (12, 2), (29, 9)] {
            let map = TestImages.features(width: width, height: height, channels: inputs, seed: 7)
            for rectified in [false, true] {
                let (result, twin) = FeatureKernels.product(
                    of: map, weights: weights, bias: bias, rectified: rectified)
                let tolerance = 1e-6 * Float(inputs)
                #expect(result.channels == outputs && result.values.count == twin.values.count)
                #expect(zip(result.values, twin.values).allSatisfy { abs($0 - $1) < tolerance * max(1, abs($1)) })
                #expect(!rectified || result.values.allSatisfy { $0 >= 0 })
            }
        }
    }

    @Test("The first output for the mean of all pixels is the mean of the first outputs")
    func mean() {
        let map = TestImages.features(width: 9, height: 5, channels: 6, seed: 3)
        let layer = Pointwise(
            inputs: 6, outputs: 2, weights: TestImages.features(width: 6, height: 1, channels: 2, seed: 4).values,
            bias: [0.5, -3])
        let outputs = layer(map, workers: Workers(threads: 1))
        let mean = (0..<45).reduce(Float(0)) { $0 + outputs.values[2 * $1] } / 45
        #expect(abs(layer.first(ofMean: map) - mean) < 1e-5)
    }
}
