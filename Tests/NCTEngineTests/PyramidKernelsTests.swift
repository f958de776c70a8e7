import NCTEngine
import Testing

@Suite("Pyramid kernels")
struct PyramidKernelsTests {
    @Test("Enlarging and adding equals its twin, for odd and tiny sizes too", arguments: [1, 3, 8, 16, 24])
    func addDoubled(channels: Int) {
        for (width, height) in [(1, 1), (2, 2), (5, 3), (8, 6), (17, 9)] {
            let (coarseWidth, coarseHeight) = (max(1, width / 2), max(1, height / 2))
            let coarse = TestImages.features(width: coarseWidth, height: coarseHeight, channels: channels, seed: 1)
            let fine = TestImages.features(width: width, height: height, channels: channels, seed: 2)
            let (sum, twin) = FeatureKernels.addDoubled(coarse, to: fine)
            #expect(zip(sum.values, twin.values).allSatisfy { abs($0 - $1) < 1e-5 }, "\(width)×\(height)")
        }
    }

    @Test("A standardized image's sums and values equal their twins'", arguments: [(1, 1), (7, 3), (16, 2), (41, 23)])
    func standardized(width: Int, height: Int) {
        let map = TestImages.features(width: width, height: height, channels: 3, seed: 9)
        let image = RGBImage(width: width, height: height, samples: map.values)
        let sums = FeatureKernels.sampleSums(image)
        #expect(zip(sums.fast, sums.scalar).allSatisfy { abs($0 - $1) < 1e-9 * max(1, abs($1)) })
        let values = FeatureKernels.standardize(image, factor: 3.7, offset: [-1.5, 0.25, 4])
        #expect(zip(values.fast, values.scalar).allSatisfy { abs($0 - $1) < 1e-5 })
    }
}
