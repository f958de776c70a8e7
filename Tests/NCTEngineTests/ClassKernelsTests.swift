import NCTEngine
import Testing

@Suite("Class kernels")
struct ClassKernelsTests {
    private static let sizes = [(1, 1), (13, 7), (64, 1), (64, 3), (71, 130)]

    @Test("Softmax equals its twin, sums to 1, and stands scores of any size", arguments: sizes)
    func softmax(width: Int, height: Int) {
        var map = TestImages.features(width: width, height: height, channels: 5, seed: 3)
        for index in map.values.indices { map.values[index] *= 40 }
        map.values[0] = 1000
        map.values[map.values.count - 1] = -1000
        let (result, twin) = ClassKernels.softmax(map)
        #expect(zip(result.values, twin.values).allSatisfy { abs($0 - $1) < 1e-5 })
        for pixel in 0..<map.pixelCount {
            #expect(abs(result.values[5 * pixel..<5 * pixel + 5].reduce(0, +) - 1) < 1e-5)
        }
    }

    @Test("The likeliest class equals its twin's; of equal ones it is the first", arguments: sizes)
    func likeliest(width: Int, height: Int) {
        var map = TestImages.features(width: width, height: height, channels: 5, seed: 4)
        // In fifths, so that many are equal.
        for index in map.values.indices { map.values[index] = (map.values[index] * 5).rounded() }
        let (labels, twin) = ClassKernels.likeliest(map)
        #expect(labels == twin)
        for pixel in 0..<map.pixelCount {
            let own = map.values[5 * pixel..<5 * pixel + 5]
            #expect(Int(labels.bytes[pixel]) == own.firstIndex(of: own.max()!)! - own.startIndex)
        }
    }

    /// Distributions of three of the classes, far enough apart to tell their colors.
    private let normals: [ColorNormal?] = [
        ColorNormal(mean: [92, 4, 16], diagonal: [0.01, 0.012, 0.009], mixed: [0.001, -0.002, 0.0005], offset: -6),
        ColorNormal(mean: [70, 20, 12], diagonal: [0.004, 0.01, 0.02], mixed: [-0.001, 0.003, 0], offset: -7), nil,
        ColorNormal(mean: [35, 38, -40], diagonal: [0.006, 0.003, 0.01], mixed: [0, 0, 0.001], offset: -6.5), nil,
    ]

    private func colors(width: Int, height: Int) -> LabImage {
        var samples = TestImages.features(width: width, height: height, channels: 3, seed: 6).values
        for index in samples.indices { samples[index] = samples[index] * 40 + (index % 3 == 0 ? 60 : 0) }
        return LabImage(width: width, height: height, samples: samples)
    }

    @Test(
        "A posterior equals its twin, sums to 1, and gives a class without colors the least density", arguments: sizes)
    func posterior(width: Int, height: Int) {
        var prior = TestImages.features(width: width, height: height, channels: 5, seed: 5)
        ClassKernels.softmax(&prior, workers: Workers(threads: 1))
        prior.values[0] = 0
        let colors = colors(width: width, height: height)
        let (result, twin) = ClassKernels.posterior(
            prior.values, colors: colors.samples, normals: normals, farthest: 30, least: 1e-6)
        #expect(zip(result, twin).allSatisfy { abs($0 - $1) < 1e-5 })
        for pixel in 0..<prior.pixelCount {
            let own = result[5 * pixel..<5 * pixel + 5]
            #expect(abs(own.reduce(0, +) - 1) < 1e-5)
            let densities = (0..<5).map { result[5 * pixel + $0] / max(1e-6, prior.values[5 * pixel + $0]) }
            let least = [densities[0], densities[1], densities[3]].min()!
            #expect(abs(densities[2] / least - 1) < 1e-3 && abs(densities[4] / least - 1) < 1e-3)
        }
    }

    @Test(
        "Moments equal their twin's, plain and robust, for counts that fill no vector", arguments: [1, 7, 8, 9, 1000])
    func moments(count: Int) {
        let rows = ColorRows(colors(width: count, height: 1), at: Array(0..<count))
        let weights = TestImages.features(width: count, height: 1, channels: 1, seed: 8).values.map { $0 * $0 }
        for normal in [nil, normals[0]] {
            let (result, twin) = ClassKernels.bothMoments(rows, weights: weights, around: normal, freedom: 3)
            func close(_ a: Double, _ b: Double, _ scale: Double) -> Bool { abs(a - b) <= 1e-6 * scale }
            #expect(close(result.weight, twin.weight, twin.weight))
            for channel in 0..<3 {
                #expect(close(result.sum[channel], twin.sum[channel], 200 * twin.weight))
                #expect(close(result.squares[channel], twin.squares[channel], 40000 * twin.weight))
                #expect(close(result.products[channel], twin.products[channel], 40000 * twin.weight))
            }
        }
    }
}
