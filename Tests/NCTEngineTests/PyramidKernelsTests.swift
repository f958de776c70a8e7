import NCTEngine
import Testing

@Suite("Pyramid kernels")
struct PyramidKernelsTests {
    @Test("Enlarging and adding equals its twin, for odd and tiny sizes too", arguments: [1, 3, 8, 16, 24])
    func addDoubled(channels: Int) {
        for (width, height) in [(1, 1), (2, 2), (5, 3), (8, 6), (17, 9)] {
            let (coarseWidth, coarseHeight) = (max(1, width / 2), max(1, height / 2))
            let coarse = TestImages.features(width: coarseWidth, height: coarseHeight, channels: channels, seed: 1)
            var fine = TestImages.features(width: width, height: height, channels: channels, seed: 2)
            var twin = fine
            FeatureKernels.addDoubledAndRectify(coarse, to: &fine, workers: Workers(threads: 2))
            FeatureKernels.addDoubledAndRectifyScalar(coarse, to: &twin)
            #expect(zip(fine.values, twin.values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(width)×\(height)")
        }
    }

    @Test("Softmax equals its twin, sums to 1, and stands scores of any size")
    func softmax() {
        var map = TestImages.features(width: 13, height: 7, channels: 5, seed: 3)
        for index in map.values.indices { map.values[index] *= 40 }
        map.values[0] = 1000
        map.values[7] = -1000
        var twin = map
        FeatureKernels.softmax(&map, workers: Workers(threads: 2))
        FeatureKernels.softmaxScalar(&twin)
        #expect(zip(map.values, twin.values).allSatisfy { abs($0 - $1) < 1e-5 })
        for pixel in 0..<map.pixelCount {
            #expect(abs(map.values[5 * pixel..<5 * pixel + 5].reduce(0, +) - 1) < 1e-5)
        }
    }
}
