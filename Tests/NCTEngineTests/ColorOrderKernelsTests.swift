import NCTEngine
import Testing

@Suite("Color order kernels")
struct ColorOrderKernelsTests {
    /// Colors of which some lie outside of the curve's cube, and clusters.
    private func image(_ count: Int, seed: UInt64) -> (source: LabImage, clusters: LabelMap<Cluster>) {
        var inputs = TwinInputs(seed: seed)
        var samples = inputs.lab(count)
        for pixel in stride(from: 0, to: count, by: 7) { samples[3 * pixel + pixel % 3] *= 4 }
        for pixel in stride(from: 0, to: count, by: 5) { samples[3 * pixel] = Float(pixel % 3) * 50 }
        return (
            LabImage(width: count, height: 1, samples: samples),
            LabelMap(width: count, height: 1, bytes: inputs.labels(count, below: 3).map { UInt8($0) })
        )
    }

    @Test("Keys equal their twins exactly, and hold cluster and place", arguments: [1, 2, 7, 64, 1001])
    func keys(count: Int) {
        let (source, clusters) = image(count, seed: 3)
        for range in [0..<count, count / 3..<count, 0..<count / 2] {
            for labels in [nil, clusters] {
                let keys = TransferKernels.colorKeys(source: source, clusters: labels, range: range, seed: 99)
                #expect(keys.fast == keys.scalar)
                for pixel in range where source.samples[3 * pixel] >= 0 && source.samples[3 * pixel] < 255 {
                    let color = source.samples[3 * pixel..<3 * pixel + 3]
                    guard color.allSatisfy({ abs($0) < 127 }) else { continue }
                    let cell = zip(color, [0, 128, 128] as [Float]).map { Int(($0 + $1) * 8) }
                    #expect(keys.fast[pixel] >> 23 & (1 << 33 - 1) == ColorCurve.place(of: (cell[0], cell[1], cell[2])))
                    #expect(keys.fast[pixel] >> 56 == UInt64(labels?.bytes[pixel] ?? 0))
                }
            }
        }
    }

    @Test("Sorted keys equal their twins exactly, equal ones in the order they came", arguments: [0, 1, 2, 255, 1500])
    func sort(count: Int) {
        var generator = SeededGenerator(seed: 4)
        for shift in [0, 20, 56, 60] {
            // Fewer bits make equal keys and digits that are all the same.
            let keys = (0..<count).map { _ in (generator.next() >> UInt64(shift)) << UInt64(shift / 2) }
            let sorted = TransferKernels.sort(keys)
            #expect(sorted.fast == sorted.scalar)
        }
    }

    @Test("Weights equal their twins to 1e-6, and to 2e-5 of themselves", arguments: [1, 2, 5, 16, 333])
    func weights(count: Int) {
        let (source, clusters) = image(count, seed: 5)
        var inputs = TwinInputs(seed: 6)
        let order = inputs.order(count)
        for reach in [1, 2, 4] {
            for (labels, range) in [(nil, 0..<count), (clusters, 0..<count), (clusters, count / 2..<count)] {
                let weights = TransferKernels.colorWeights(
                    source: source, clusters: labels, order: order, range: range, reach: reach)
                #expect(agree(weights, within: 1e-6))
                #expect(agree(weights, within: 2e-5, floor: 1e-30))
            }
        }
    }

    /// Three colors with shades and noise, a cluster each.
    private func shades(width: Int, height: Int) -> (source: LabImage, clusters: LabelMap<Cluster>) {
        let paints: [[Float]] = [[86, 1, -3], [70, 18, 4], [40, 26, -32]]
        var inputs = TwinInputs(seed: 8)
        let kinds = (0..<width * height).map { ($0 % width / 20 + $0 / width / 15) % 3 }
        let samples = kinds.enumerated().flatMap { pixel, kind in
            let (across, down) = (Float(pixel % width) / Float(width), Float(pixel / width) / Float(height))
            let shade = [6 * across - 3 * down, 2 * down, 3 * across * down]
            return zip(zip(paints[kind], shade), inputs.numbers(3)).map { $0.0 + $0.1 + 0.6 * $1 }
        }
        return (
            LabImage(width: width, height: height, samples: samples),
            LabelMap(width: width, height: height, bytes: kinds.map { UInt8($0) })
        )
    }

    @Test("The neighbors in color are on average at most twice as far as the exact eight nearest")
    func neighbors() {
        let (source, clusters) = shades(width: 60, height: 45)
        let neighbors = NonlocalNeighbors(source: source, clusters: clusters, seed: 1, workers: Workers(threads: 2))
        func distance(_ p: Int, _ q: Int) -> Double {
            (0..<3).reduce(0.0) {
                let difference = Double(source.samples[3 * p + $1] - source.samples[3 * q + $1])
                return $0 + difference * difference
            }.squareRoot()
        }
        var (sum, count) = (0.0, 0)
        neighbors.forEachPair { first, second, _ in
            #expect(clusters.bytes[first] == clusters.bytes[second])
            sum += distance(first, second)
            count += 1
        }
        let sample = Array(stride(from: 0, to: source.pixelCount, by: 23))
        let exact = sample.reduce(0.0) { total, p in
            let all = (0..<source.pixelCount).filter { clusters.bytes[$0] == clusters.bytes[p] }
            return total + all.map { distance(p, $0) }.sorted()[1...8].reduce(0, +) / 8
        }
        let (mean, best) = (sum / Double(count), exact / Double(sample.count))
        print("mean distance of neighbors in color \(mean), of the exact nearest \(best)")
        #expect(mean < 2 * best)
    }
}
