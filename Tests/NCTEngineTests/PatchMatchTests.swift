import NCTEngine
import SmearPhantom
import Testing

@Suite("PatchMatch")
struct PatchMatchTests {
    private func map(_ images: [RGBImage], components: Int = 6, workers: Workers = Workers(threads: 1)) throws
        -> SearchMap
    {
        let features = try images.map {
            let reading = CaptureReading($0, extractor: SmearNet.embedded, workers: workers)
            return try CaptureFeatures(reading, levels: [1], standardization: .plain, workers: workers).byLevel
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

    @Test("An image finds itself: nearly every pixel's distance is zero")
    func identity() throws {
        let image = try map([TestImages.random(width: 64, height: 48, seed: 3)])
        let field = PatchMatch.searchBothWays(
            between: image, and: image, iterations: 8, seed: 5, workers: Workers(threads: 2)
        ).forward
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
            PatchMatch.searchBothWays(
                between: source, and: target, iterations: iterations, seed: 1, workers: Workers(threads: 2)
            ).forward.distances.reduce(0.0) { $0 + Double($1) }
        }
        #expect(sums[0] >= sums[1] && sums[1] >= sums[2] && sums[2] >= exact)
        #expect(sums[1] < 1.25 * exact, "5 iterations reach \(sums[1] / exact) of the best possible")
        #expect(sums[2] < 1.15 * exact, "10 iterations reach \(sums[2] / exact) of the best possible")
    }

    private func plainDistance(_ a: SearchMap, _ ax: Int, _ ay: Int, _ b: SearchMap, _ bx: Int, _ by: Int) -> UInt32 {
        var sum = 0
        a.values.withUnsafeBufferPointer { first in
            b.values.withUnsafeBufferPointer { second in
                for row in 0..<3 {
                    let start = ((ay + row) * a.stride + ax) * a.dimensions
                    let other = ((by + row) * b.stride + bx) * b.dimensions
                    for index in 0..<3 * a.dimensions {
                        let difference = Int(first[start + index]) - Int(second[other + index])
                        sum += difference * difference
                    }
                }
            }
        }
        return UInt32(sum)
    }

    /// PatchMatch as published: in and against scan order, two neighbors, then a try in every square from the whole
    /// target down to a pixel each way. Returns the mean distance.
    private func textbook(_ source: SearchMap, _ target: SearchMap, iterations: Int, seed: UInt64) -> Double {
        var generator = SeededGenerator(seed: seed)
        let pixels = (0..<source.width * source.height).filter {
            $0 / source.width < Int(source.columnHeights[$0 % source.width])
        }
        var field = [(x: Int, y: Int, distance: UInt32)](
            repeating: (0, 0, .max), count: source.width * source.height)
        func attempt(_ pixel: Int, _ x: Int, _ y: Int) {
            guard x >= 0, x < target.width, y >= 0, y < Int(target.columnHeights[x]) else { return }
            let distance = plainDistance(source, pixel % source.width, pixel / source.width, target, x, y)
            if distance < field[pixel].distance { field[pixel] = (x, y, distance) }
        }
        func anywhere(_ pixel: Int) {
            let x = Int(target.columns.randomElement(using: &generator)!)
            attempt(pixel, x, Int.random(in: 0..<Int(target.columnHeights[x]), using: &generator))
        }
        for pixel in pixels { anywhere(pixel) }
        for iteration in 0..<iterations {
            let step = iteration % 2 == 0 ? 1 : -1
            for pixel in step > 0 ? pixels : pixels.reversed() {
                let column = pixel % source.width
                if (0..<source.width).contains(column - step), field[pixel - step].distance < .max {
                    attempt(pixel, field[pixel - step].x + step, field[pixel - step].y)
                }
                let above = pixel - step * source.width
                if field.indices.contains(above), field[above].distance < .max {
                    attempt(pixel, field[above].x, field[above].y + step)
                }
                anywhere(pixel)
                let (x, y, _) = field[pixel]
                var radius = max(target.width, target.height) / 2
                while radius >= 1 {
                    attempt(
                        pixel, x + Int.random(in: -radius...radius, using: &generator),
                        y + Int.random(in: -radius...radius, using: &generator))
                    radius /= 2
                }
            }
        }
        return pixels.reduce(0.0) { $0 + Double(field[$1].distance) } / Double(pixels.count)
    }

    @Test(
        "Both ways at once match within 2% as well as two textbook searches of as many iterations, which try half more")
    func bothWays() throws {
        let workers = Workers(threads: 2)
        func smear(_ seed: UInt64, _ lab: Stain, _ width: Int, _ height: Int) -> RGBImage {
            SmearScene(seed: seed, width: width, height: height).render(in: lab, noiseSeed: seed)
        }
        let (source, target) = try (
            map([smear(1, .labB, 150, 120)], components: 16),
            map([smear(10, .labA, 100, 110), smear(11, .labA, 90, 130)], components: 16)
        )
        func mean(_ field: NearestNeighborField, of map: SearchMap) -> Double {
            var (sum, count) = (0.0, 0.0)
            for pixel in 0..<map.width * map.height
            where pixel / map.width < Int(map.columnHeights[pixel % map.width]) {
                sum += Double(field.distances[pixel])
                count += 1
            }
            return sum / count
        }
        var (forward, reverse, textbookForward, textbookReverse) = (0.0, 0.0, 0.0, 0.0)
        for seed in [1, 2] as [UInt64] {
            let fields = PatchMatch.searchBothWays(
                between: source, and: target, iterations: 5, seed: seed, workers: workers)
            forward += mean(fields.forward, of: source) / 2
            reverse += mean(fields.reverse, of: target) / 2
            textbookForward += textbook(source, target, iterations: 5, seed: seed) / 2
            textbookReverse += textbook(target, source, iterations: 5, seed: seed + 100) / 2
            let alone = PatchMatch.searchBothWays(
                between: source, and: target, iterations: 5, seed: seed, workers: Workers(threads: 1))
            #expect(alone == fields, "the fields depend on the number of threads")
            // Each is the best that both know: no match is better known the other way.
            for pixel in 0..<source.width * source.height {
                let match = fields.forward.positions[pixel]
                let back = Int(match >> 16) * target.width + Int(match & 0xFFFF)
                #expect(fields.reverse.distances[back] <= fields.forward.distances[pixel])
            }
        }
        print("mean distances \(forward), \(reverse); textbook \(textbookForward), \(textbookReverse)")
        #expect(forward <= 1.02 * textbookForward && reverse <= 1.02 * textbookReverse)
    }

    @Test("Every position is valid and carries its true distance, whatever the references' sizes")
    func validity() throws {
        let source = try map([TestImages.random(width: 33, height: 70, seed: 31)])
        let target = try map([
            TestImages.random(width: 12, height: 50, seed: 32), TestImages.random(width: 40, height: 7, seed: 33),
        ])
        let fields = PatchMatch.searchBothWays(
            between: source, and: target, iterations: 3, seed: 4, workers: Workers(threads: 2))
        for (from, to, field) in [(source, target, fields.forward), (target, source, fields.reverse)] {
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

    @Test("The fields do not depend on the number of threads")
    func threads() throws {
        let source = try map([TestImages.random(width: 80, height: 150, seed: 41)])
        let target = try map([TestImages.random(width: 70, height: 90, seed: 42)])
        let one = PatchMatch.searchBothWays(
            between: source, and: target, iterations: 4, seed: 2, workers: Workers(threads: 1))
        for threads in [2, 3, 5] {
            let several = PatchMatch.searchBothWays(
                between: source, and: target, iterations: 4, seed: 2, workers: Workers(threads: threads))
            #expect(one == several, "\(threads) threads")
        }
    }

    @Test("A pixel of another cluster is as far as the label weight says")
    func labels() {
        let features = FeatureMap(width: 5, height: 5, channels: 2)
        var labels = LabelMap<Cluster>(width: 5, height: 5)
        labels.bytes = [UInt8](repeating: 1, count: 25)
        let zero = SearchMap(
            [(features, LabelMap(width: 5, height: 5))], labelCount: 3, labelWeight: 10, scale: 1,
            workers: Workers(threads: 1))
        let one = SearchMap(
            [(features, labels)], labelCount: 3, labelWeight: 10, scale: 1, workers: Workers(threads: 1))
        #expect(zero.dimensions == 8)
        #expect(SearchKernels.patchDistance(zero, 2, 2, zero, 1, 1).fast == 0)
        #expect(SearchKernels.patchDistance(zero, 2, 2, one, 1, 1).fast == 9 * 2 * 100)
    }

    @Test("Every valid pixel stands once, in its cell's list, in order; like pixels share a cell")
    func cells() {
        let sizes = [(19, 23), (30, 11)]
        let map = SearchMap(
            sizes.enumerated().map { index, size in
                var labels = LabelMap<Cluster>(width: size.0, height: size.1)
                var generator = SeededGenerator(seed: UInt64(index))
                for pixel in labels.bytes.indices { labels.bytes[pixel] = UInt8.random(in: 0..<3, using: &generator) }
                return (
                    TestImages.features(width: size.0, height: size.1, channels: 4, seed: UInt64(30 + index)), labels
                )
            }, labelCount: 3, labelWeight: 40, scale: 60, workers: Workers(threads: 2))
        let starts = map.cells.starts
        #expect(starts.first == 0 && starts.last == UInt32(19 * 23 + 30 * 11))
        var seen = Set<UInt32>()
        for cell in 0..<starts.count - 1 {
            let list = map.cells.entries[Int(starts[cell])..<Int(starts[cell + 1])]
            #expect(Array(list) == list.sorted())
            var shared: [Int]?
            for position in list {
                let (x, y) = (Int(position & 0xFFFF), Int(position >> 16))
                let start = ((y + 1) * map.stride + x + 1) * map.dimensions
                let own = map.values[start..<start + map.dimensions].map { Int($0) }
                // Steps of 8, 16 and 32 of the first three components, and the label's place.
                let key = [(own[0] + 128) / 8, (own[1] + 128) / 16, (own[2] + 128) / 32, own[4], own[5], own[6]]
                #expect(shared == nil || shared == key)
                shared = key
                #expect(seen.insert(position).inserted)
            }
        }
        #expect(seen.count == 19 * 23 + 30 * 11)
    }
}
