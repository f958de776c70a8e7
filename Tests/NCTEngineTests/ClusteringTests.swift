import NCTEngine
import Testing

@Suite("Clustering enhancement")
struct ClusteringTests {
    private let workers = Workers(threads: 2)

    @Test("The fast nearest center agrees with its scalar twin but for ties", arguments: [1, 2, 3] as [UInt64])
    func twin(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for (dimensions, count) in [(1, 2), (5, 3), (16, 5), (16, 16), (24, 32), (64, 10)] {
            let points = TestImages.features(width: 50, height: 7, channels: dimensions, seed: seed).values
            let centers = (0..<dimensions * count).map { _ in Float.random(in: -2...2, using: &generator) }
            let (fast, slow) = FeatureKernels.nearestCenters(points, dimensions: dimensions, centers: centers)
            for (a, b) in zip(fast.distances, slow.distances) { #expect(abs(a - b) < 1e-3 * max(1, b), "seed \(seed)") }
            let differing = zip(fast.labels, slow.labels).count { $0 != $1 }
            #expect(differing <= 1, "seed \(seed), \(dimensions) dimensions, \(count) centers")
        }
    }

    @Test("Separate groups of points are found, whatever the image they come from")
    func groups() {
        var generator = SeededGenerator(seed: 5)
        let truth = (0..<2000).map { _ in Int.random(in: 0..<4, using: &generator) }
        let values = truth.flatMap { group in
            (0..<3).map { dimension -> Float in
                (dimension == group % 3 ? 4 : 0) + (group == 3 ? -6 : 0) + Float.random(in: -1...1, using: &generator)
            }
        }
        let map = FeatureMap(width: 40, height: 50, channels: 3, values: values)
        let half = FeatureMap(width: 40, height: 25, channels: 3, values: Array(values.prefix(3000)))
        let rest = FeatureMap(width: 40, height: 25, channels: 3, values: Array(values.suffix(3000)))
        let clustering = Clustering(fitting: [half, rest], count: 4, seed: 1, workers: workers)
        let labels = clustering.labels(of: map, workers: workers).bytes
        var labelOfGroup: [Int: Set<UInt8>] = [:]
        for (group, label) in zip(truth, labels) { labelOfGroup[group, default: []].insert(label) }
        #expect(labelOfGroup.values.allSatisfy { $0.count == 1 })
        #expect(Set(labelOfGroup.values.map { $0.first! }).count == 4)
    }

    @Test("The same seed gives the same centers for any number of threads")
    func determinism() {
        let map = TestImages.features(width: 90, height: 80, channels: 8, seed: 6)
        let one = Clustering(fitting: [map], count: 6, seed: 3, workers: Workers(threads: 1))
        #expect(one == Clustering(fitting: [map], count: 6, seed: 3, workers: Workers(threads: 4)))
        #expect(one != Clustering(fitting: [map], count: 6, seed: 4, workers: Workers(threads: 1)))
    }
}
