/// What a match must keep within (step 3): a cluster of `Clustering`, or a class of smears in its place.
public enum Cluster {}

/// Step 3 by clustering: k-means on the references' projected features.
///
/// The centers are the references' alone, and a capture's pixels go to the nearest of them: so cluster k of S and
/// cluster k of R mean the same thing, and the centers are found once per profile.
package struct Clustering: Sendable, Equatable {
    package let dimensions: Int
    /// `count × dimensions`.
    package let centers: [Float]

    package var count: Int { centers.count / dimensions }

    package init(dimensions: Int, centers: [Float]) {
        self.dimensions = dimensions
        self.centers = centers
    }

    private static let sampleLimit = 32768
    private static let iterations = 40

    /// k-means++ start (Arthur and Vassilvitskii 2007), then Lloyd's iterations until nothing changes, on an even
    /// sample of at most 32,768 pixels.
    package init(fitting maps: [FeatureMap], count: Int, seed: UInt64, workers: Workers) {
        let dimensions = maps[0].channels
        let pixels = maps.reduce(0) { $0 + $1.pixelCount }
        let step = max(1, (pixels + Self.sampleLimit - 1) / Self.sampleLimit)
        var points: [Float] = []
        for map in maps {
            for pixel in stride(from: 0, to: map.pixelCount, by: step) {
                points += map.values[pixel * dimensions..<(pixel + 1) * dimensions]
            }
        }
        let pointCount = points.count / dimensions
        func point(_ index: Int) -> ArraySlice<Float> { points[index * dimensions..<(index + 1) * dimensions] }

        var generator = SeededGenerator(seed: seed)
        var centers = Array(point(Int.random(in: 0..<pointCount, using: &generator)))
        while centers.count < count * dimensions {
            let distances = FeatureKernels.nearestCenters(
                points, dimensions: dimensions, centers: centers, workers: workers
            ).distances
            let sum = distances.reduce(0.0) { $0 + Double($1) }
            var rest = Double.random(in: 0..<1, using: &generator) * sum
            let chosen =
                distances.firstIndex {
                    rest -= Double($0); return rest < 0
                } ?? pointCount - 1
            centers += point(chosen)
        }
        var labels: [UInt8] = []
        for _ in 0..<Self.iterations {
            let nearest = FeatureKernels.nearestCenters(
                points, dimensions: dimensions, centers: centers, workers: workers
            ).labels
            if nearest == labels { break }
            labels = nearest
            var sums = [Double](repeating: 0, count: centers.count)
            var members = [Int](repeating: 0, count: count)
            for index in 0..<pointCount {
                let label = Int(labels[index])
                members[label] += 1
                for dimension in 0..<dimensions {
                    sums[label * dimensions + dimension] += Double(points[index * dimensions + dimension])
                }
            }
            // A center that lost all its points stays where it is.
            for label in 0..<count where members[label] > 0 {
                for dimension in 0..<dimensions {
                    centers[label * dimensions + dimension] =
                        Float(sums[label * dimensions + dimension] / Double(members[label]))
                }
            }
        }
        self.init(dimensions: dimensions, centers: centers)
    }

    /// The nearest center of every pixel. Cost: pixels × centers × dimensions.
    package func labels(of map: FeatureMap, workers: Workers) -> LabelMap<Cluster> {
        LabelMap(
            width: map.width, height: map.height,
            bytes: FeatureKernels.nearestCenters(
                map.values, dimensions: dimensions, centers: centers, workers: workers
            ).labels)
    }
}
