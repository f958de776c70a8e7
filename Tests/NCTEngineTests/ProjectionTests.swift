import NCTEngine
import Testing

@Suite("Projection on principal components")
struct ProjectionTests {
    private let workers = Workers(threads: 2)

    private func standardized(_ map: FeatureMap) -> (map: FeatureMap, standardization: Standardization) {
        (map, Standardization(of: map, workers: workers))
    }

    @Test("With as many components as channels, distances between standardized features are kept")
    func isometry() {
        let input = standardized(TestImages.features(width: 30, height: 20, channels: 7, seed: 1))
        let projection = Projection(fitting: [[1: input]], levels: [1], components: 7, workers: workers)
        let output = projection.apply(to: [1: input], workers: workers)
        func distance(_ a: Int, _ b: Int) -> (before: Double, after: Double) {
            var before = 0.0, after = 0.0
            for channel in 0..<7 {
                let difference = Double(input.map.values[a * 7 + channel] - input.map.values[b * 7 + channel])
                let standard = difference * input.standardization.inverseDeviation[channel]
                before += standard * standard
                let projected = Double(output.values[a * 7 + channel] - output.values[b * 7 + channel])
                after += projected * projected
            }
            return (before, after)
        }
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<200 {
            let a = Int.random(in: 0..<600, using: &generator), b = Int.random(in: 0..<600, using: &generator)
            let (before, after) = distance(a, b)
            #expect(abs(before - after) < 1e-3 * max(1, before))
        }
        // Standardized channels have unit variance, and rotation keeps the sum.
        #expect(abs(projection.variances.reduce(0, +) - 7) < 0.02)
        #expect(projection.variances == projection.variances.sorted(by: >))
    }

    @Test("A channel that varies only where nothing counts does not outweigh the others")
    func deadChannel() {
        let (width, height) = (40, 30)
        var map = TestImages.features(width: width, height: height, channels: 8, seed: 3)
        var weights = Plane(width: width, height: height, repeating: 1)
        for pixel in 0..<width * height {
            let counts = pixel % 10 != 0
            weights.values[pixel] = counts ? 1 : 0
            map.values[8 * pixel + 7] = counts ? Float(pixel % 3) * 1e-4 : 30
        }
        let plain = Standardization(of: map, workers: workers)
        let weighted = Standardization(of: map, weights: weights, workers: workers)
        // 30 is 3.3 deviations of the whole channel, and 300,000 of what counts in it.
        #expect(30 * plain.inverseDeviation[7] > 3)
        let typical = weighted.inverseDeviation[0..<7].reduce(0, +) / 7
        #expect(weighted.inverseDeviation[7] > typical)
        #expect(weighted.inverseDeviation[7] < 10 * typical)
        // The others are as they were, to what the floor adds.
        for channel in 0..<7 {
            #expect(weighted.inverseDeviation[channel] > 0.9 * plain.inverseDeviation[channel])
        }
    }

    @Test("A channel that does not vary stays zero instead of becoming infinite")
    func constantChannel() {
        var map = TestImages.features(width: 10, height: 10, channels: 3, seed: 3)
        for pixel in 0..<100 { map.values[3 * pixel + 1] = 5 }
        let input = standardized(map)
        #expect(input.standardization.inverseDeviation[1] == 0)
        let projection = Projection(fitting: [[1: input]], levels: [1], components: 3, workers: workers)
        let values = projection.apply(to: [1: input], workers: workers).values
        #expect(values.allSatisfy { $0.isFinite })
        #expect(projection.variances[2] < 1e-6)
    }

    @Test("Two levels jointly equal the enlarged coarse level concatenated with the fine one, then multiplied")
    func jointLevels() {
        let fine = standardized(TestImages.features(width: 17, height: 12, channels: 4, seed: 4))
        let coarse = standardized(TestImages.features(width: 8, height: 6, channels: 6, seed: 5))
        let projection = Projection(fitting: [[1: fine, 2: coarse]], levels: [2, 1], components: 5, workers: workers)
        #expect(projection.levels == [1, 2])
        let output = projection.apply(to: [1: fine, 2: coarse], workers: workers)
        for (x, y) in [(0, 0), (16, 11), (5, 7), (9, 2), (16, 0)] {
            var expected = [Double](repeating: 0, count: 5)
            for channel in 0..<4 {
                let value =
                    (Double(fine.map.values[(y * 17 + x) * 4 + channel]) - fine.standardization.mean[channel])
                    * fine.standardization.inverseDeviation[channel]
                for k in 0..<5 { expected[k] += value * Double(projection.bases[0][channel * 5 + k]) }
            }
            let fx = min(max((Double(x) + 0.5) / 2 - 0.5, 0), 7), fy = min(max((Double(y) + 0.5) / 2 - 0.5, 0), 5)
            for channel in 0..<6 {
                func at(_ x: Int, _ y: Int) -> Double {
                    Double(coarse.map.values[(min(y, 5) * 8 + min(x, 7)) * 6 + channel])
                }
                let (x0, y0) = (Int(fx), Int(fy))
                let (ax, ay) = (fx - Double(x0), fy - Double(y0))
                let value =
                    at(x0, y0) * (1 - ax) * (1 - ay) + at(x0 + 1, y0) * ax * (1 - ay) + at(x0, y0 + 1) * (1 - ax) * ay
                    + at(x0 + 1, y0 + 1) * ax * ay
                let standard =
                    (value - coarse.standardization.mean[channel]) * coarse.standardization.inverseDeviation[channel]
                for k in 0..<5 { expected[k] += standard * Double(projection.bases[1][channel * 5 + k]) }
            }
            for k in 0..<5 { #expect(abs(Double(output.values[(y * 17 + x) * 5 + k]) - expected[k]) < 1e-3) }
        }
    }
}
