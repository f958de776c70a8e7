import NCTEngine
import Testing

@Suite("PatchMatch")
struct PatchMatchTests {
    private func map(_ images: [RGBImage], components: Int = 6, workers: Workers = Workers(threads: 1)) throws
        -> SearchMap
    {
        let features = try images.map {
            try CaptureFeatures($0, levels: [1], extractor: FilterBank(), workers: workers).byLevel
        }
        let projection = Projection(fitting: features, levels: [1], components: components, workers: workers)
        return SearchMap(
            features.map { (projection.apply(to: $0, workers: workers), nil) }, labelCount: 0, labelWeight: 0,
            scale: SearchMap.scale(strongestVariance: projection.variances[0]), workers: workers)
    }

    /// The exact field by trying every position.
    private func exhaustive(_ source: SearchMap, _ target: SearchMap) -> [UInt32] {
        (0..<source.width * source.height).map { pixel in
            var best = UInt32.max
            for region in target.regions {
                for y in 0..<region.height {
                    for x in region.x..<region.x + region.width {
                        best = min(
                            best,
                            SearchKernels.patchDistance(
                                source, pixel % source.width, pixel / source.width, target, x, y
                            ).scalar)
                    }
                }
            }
            return best
        }
    }

    @Test(
        "The patch distance equals its scalar twin, and stops early only above the bound",
        arguments: [1, 2] as [UInt64])
    func twin(seed: UInt64) throws {
        let source = try map([TestImages.random(width: 40, height: 30, seed: seed)], components: 11)
        let target = try map(
            [
                TestImages.random(width: 25, height: 33, seed: seed + 7),
                TestImages.random(width: 31, height: 20, seed: seed + 8),
            ],
            components: 11)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            let (ax, ay) = (Int.random(in: 0..<40, using: &generator), Int.random(in: 0..<30, using: &generator))
            let region = target.regions.randomElement(using: &generator)!
            let bx = region.x + Int.random(in: 0..<region.width, using: &generator)
            let by = Int.random(in: 0..<region.height, using: &generator)
            let (fast, scalar) = SearchKernels.patchDistance(source, ax, ay, target, bx, by)
            #expect(fast == scalar, "seed \(seed)")
            let bound = UInt32.random(in: 0...(2 * scalar + 1), using: &generator)
            let bounded = SearchKernels.patchDistance(source, ax, ay, target, bx, by, bound: bound).fast
            #expect(scalar < bound ? bounded == scalar : bounded >= bound, "seed \(seed)")
        }
    }

    @Test("An image finds itself: nearly every pixel's distance is zero")
    func identity() throws {
        let image = try map([TestImages.random(width: 64, height: 48, seed: 3)])
        let field = PatchMatch.search(
            from: image, to: image, iterations: 8, seed: 5, workers: Workers(threads: 2))
        let exact = field.distances.count { $0 == 0 }
        #expect(Double(exact) > 0.97 * Double(field.distances.count), "\(exact) of \(field.distances.count)")
    }

    @Test("The field comes close to the exhaustive search over several references of different sizes")
    func quality() throws {
        let images = (0..<3).map { TestImages.random(width: 30 + 7 * $0, height: 40 - 6 * $0, seed: 20 + UInt64($0)) }
        let source = try map([TestImages.random(width: 44, height: 36, seed: 9)])
        let target = try map(images)
        let exact = exhaustive(source, target).reduce(0.0) { $0 + Double($1) }
        let sums = [1, 5, 10].map { iterations in
            PatchMatch.search(
                from: source, to: target, iterations: iterations, seed: 1, workers: Workers(threads: 2)
            ).distances.reduce(0.0) { $0 + Double($1) }
        }
        #expect(sums[0] >= sums[1] && sums[1] >= sums[2] && sums[2] >= exact)
        #expect(sums[1] < 1.25 * exact, "5 iterations reach \(sums[1] / exact) of the best possible")
        #expect(sums[2] < 1.1 * exact, "10 iterations reach \(sums[2] / exact) of the best possible")
    }

    @Test("Every position is valid and carries its true distance, whatever the references' sizes")
    func validity() throws {
        let source = try map([TestImages.random(width: 33, height: 70, seed: 31)])
        let target = try map([
            TestImages.random(width: 12, height: 50, seed: 32), TestImages.random(width: 40, height: 7, seed: 33),
        ])
        for (from, to) in [(source, target), (target, source)] {
            let field = PatchMatch.search(from: from, to: to, iterations: 3, seed: 4, workers: Workers(threads: 2))
            for pixel in 0..<from.width * from.height {
                let (x, y) = (Int(field.positions[pixel] & 0xFFFF), Int(field.positions[pixel] >> 16))
                #expect(x < to.width && y < Int(to.columnHeights[x]))
                guard pixel / from.width < Int(from.columnHeights[pixel % from.width]) else { continue }
                #expect(
                    field.distances[pixel]
                        == SearchKernels.patchDistance(
                            from, pixel % from.width, pixel / from.width, to, x, y
                        ).scalar)
            }
        }
    }

    @Test("The field does not depend on the number of threads")
    func threads() throws {
        let source = try map([TestImages.random(width: 80, height: 150, seed: 41)])
        let target = try map([TestImages.random(width: 70, height: 90, seed: 42)])
        let one = PatchMatch.search(from: source, to: target, iterations: 4, seed: 2, workers: Workers(threads: 1))
        for threads in [2, 3, 5] {
            let several = PatchMatch.search(
                from: source, to: target, iterations: 4, seed: 2, workers: Workers(threads: threads))
            #expect(one == several, "\(threads) threads")
        }
    }

    @Test("The fast iteration equals its scalar twin")
    func iterationTwin() throws {
        let source = try map([TestImages.random(width: 50, height: 60, seed: 51)])
        let target = try map([TestImages.random(width: 45, height: 40, seed: 52)])
        var fast = PatchMatch.search(from: source, to: target, iterations: 1, seed: 3, workers: Workers(threads: 1))
        var scalar = fast
        for backward in [true, false] {
            SearchKernels.iterate(
                &fast, source: source, target: target, seed: 77, backward: backward, strips: [0..<25, 25..<60],
                workers: Workers(threads: 1))
            SearchKernels.iterate(
                &scalar, source: source, target: target, seed: 77, backward: backward, strips: [0..<25, 25..<60],
                workers: Workers(threads: 1), scalar: true)
            #expect(fast == scalar)
        }
    }

    @Test("A pixel of another cluster is as far as the label weight says")
    func labels() {
        let features = FeatureMap(width: 5, height: 5, channels: 2)
        var labels = LabelMap(width: 5, height: 5)
        labels.labels = [UInt8](repeating: 1, count: 25)
        let zero = SearchMap(
            [(features, LabelMap(width: 5, height: 5))], labelCount: 3, labelWeight: 10, scale: 1,
            workers: Workers(threads: 1))
        let one = SearchMap(
            [(features, labels)], labelCount: 3, labelWeight: 10, scale: 1, workers: Workers(threads: 1))
        #expect(zero.dimensions == 8)
        #expect(SearchKernels.patchDistance(zero, 2, 2, zero, 1, 1).fast == 0)
        #expect(SearchKernels.patchDistance(zero, 2, 2, one, 1, 1).fast == 9 * 2 * 100)
    }
}
