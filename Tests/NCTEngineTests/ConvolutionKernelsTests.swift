import NCTEngine
import Testing

@Suite("Convolution kernels")
struct ConvolutionKernelsTests {
    private func layer(_ inputs: Int, _ outputs: Int) -> (shape: ConvolutionShape, weights: [Float], bias: [Float]) {
        var generator = SeededGenerator(seed: 4)
        let bound = 1 / Float(9 * inputs).squareRoot()
        return (
            ConvolutionShape(inputChannels: inputs, outputChannels: outputs),
            (0..<9 * inputs * outputs).map { _ in Float.random(in: -bound...bound, using: &generator) },
            (0..<outputs).map { _ in Float.random(in: -0.2...0.2, using: &generator) }
        )
    }

    @Test(
        "A convolution equals its double-precision twin to 5e-6, at its worst value to 3e-5 of the greatest",
        arguments: [
            (3, 64), (3, 16), (5, 4), (1, 1), (8, 16), (16, 16), (24, 40), (32, 8), (64, 96), (96, 128), (128, 20),
            (160, 256),
        ])
    func twin(inputs: Int, outputs: Int) {
        let (shape, weights, bias) = layer(inputs, outputs)
        for (width, height) in [(1, 1), (3, 2), (4, 4), (5, 9), (13, 4), (26, 19)] {
            let map = TestImages.features(width: width, height: height, channels: inputs, seed: 3)
            let (found, expected) = FeatureKernels.convolution(of: map, shape, weights: weights, bias: bias)
            #expect(found.values.count == expected.values.count)
            let errors = zip(found.values, expected.values).map { Double($0 - $1) }
            let error = errors.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let norm = expected.values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(error <= 5e-6 * max(0.1, norm), "\(width) × \(height): \(error / norm)")
            let greatest = errors.map(abs).max() ?? 0
            #expect(
                greatest <= 3e-5 * Double(max(0.1, expected.values.max() ?? 0)), "\(width) × \(height): \(greatest)")
            #expect(width * height < 20 || expected.values.contains { $0 > 0.05 })
        }
    }

    @Test("A pooled convolution equals the convolution, then the pooling, bit for bit", arguments: [(5, 4), (16, 24)])
    func pooledConvolution(inputs: Int, outputs: Int) {
        let (shape, weights, bias) = layer(inputs, outputs)
        for (width, height) in [(1, 1), (2, 2), (9, 7), (40, 23)] {
            let map = TestImages.features(width: width, height: height, channels: inputs, seed: 3)
            let convolution = Convolution(shape, weights: weights, bias: bias)
            let whole = convolution(map, pooling: false, workers: Workers(threads: 1))
            let pooled = convolution(map, pooling: true, workers: Workers(threads: 1))
            #expect(pooled.width == width / 2 && pooled.height == height / 2)
            let equal = pooled.values == FeatureKernels.maxPool(whole).scalar
            #expect(equal)
        }
    }

    @Test(
        "A chain of layers equals the layers one by one, bit for bit",
        arguments: [(3, 2), (40, 33), (61, 150), (500, 70), (2100, 30)])
    func chain(width: Int, height: Int) {
        let layers = [(3, 16, false), (16, 8, true), (8, 24, false), (24, 5, true), (5, 16, true)].map {
            let (shape, weights, bias) = layer($0.0, $0.1)
            return (convolution: Convolution(shape, weights: weights, bias: bias), pooling: $0.2)
        }
        var expected = TestImages.features(width: width, height: height, channels: 3, seed: 5)
        let input = expected
        for count in 1...layers.count {
            let (convolution, pooling) = layers[count - 1]
            expected = convolution(expected, pooling: pooling, workers: Workers(threads: 1))
            let chain = ConvolutionChain(Array(layers.prefix(count)))
            for threads in 1...2 {
                let equal = chain(input, workers: Workers(threads: threads)) == expected
                #expect(equal, "\(count) layers")
            }
        }
    }

    @Test("The number of threads does not change a bit", arguments: [(3, 16), (64, 64), (256, 48)])
    func threads(inputs: Int, outputs: Int) {
        let (shape, weights, bias) = layer(inputs, outputs)
        let map = TestImages.features(width: 150, height: 61, channels: inputs, seed: 8)
        let convolution = Convolution(shape, weights: weights, bias: bias)
        let one = convolution(map, pooling: false, workers: Workers(threads: 1))
        for threads in 2...4 {
            let equal = convolution(map, pooling: false, workers: Workers(threads: threads)) == one
            #expect(equal)
        }
    }
}
