import NCTEngine
import Testing

/// Exact integer work: every twin's bits are the kernel's.
@Suite("Search kernels")
struct SearchKernelsTests {
    static let maps: [[(Int, Int)]] = [
        [(1, 1)], [(2, 3)], [(7, 5), (1, 9)], [(31, 22)], [(18, 27), (21, 15), (3, 40)],
    ]

    /// Random features, of which most pixels fall into few cells, in one of some labels or none.
    private func map(_ sizes: [(Int, Int)], components: Int = 5, labels: Int, seed: UInt64) -> SearchMap {
        var inputs = TwinInputs(seed: seed)
        let images = sizes.map { size in
            let count = size.0 * size.1
            let values = inputs.numbers(count * components, in: -1...1).map { $0 * $0 * $0 }
            return (
                FeatureMap(width: size.0, height: size.1, channels: components, values: values),
                labels > 0
                    ? LabelMap<Cluster>(
                        width: size.0, height: size.1,
                        bytes: inputs.labels(count, below: UInt16(labels)).map { UInt8($0) }) : nil
            )
        }
        return SearchMap(images, labelCount: labels, labelWeight: 30, scale: 100, workers: Workers(threads: 1))
    }

    /// Positions of which some lie outside of the target or in its gaps.
    private func positions(_ source: SearchMap, _ target: SearchMap, seed: UInt64) -> NearestNeighborField {
        var generator = SeededGenerator(seed: seed)
        let count = source.width * source.height
        return NearestNeighborField(
            width: source.width, height: source.height,
            positions: (0..<count).map { _ in
                let x = UInt32.random(in: 0..<UInt32(target.width) + 2, using: &generator)
                return UInt32.random(in: 0..<UInt32(target.height) + 2, using: &generator) << 16 | x
            }, distances: [UInt32](repeating: 7, count: count))
    }

    @Test("Cells and their lists equal their twins", arguments: maps, [0, 3])
    func cells(sizes: [(Int, Int)], labels: Int) {
        let map = map(sizes, labels: labels, seed: 41)
        let cells = SearchKernels.cells(of: map)
        #expect(cells.fast == cells.scalar)
        #expect(map.cells.entries.count == sizes.reduce(0) { $0 + $1.0 * $1.1 })
    }

    @Test("The patch distance equals its twin", arguments: [1, 2, 3, 6, 8, 11, 16, 17, 24, 32, 40, 90])
    func patchDistance(components: Int) {
        let (source, target) = (
            map([(40, 30)], components: components, labels: 0, seed: 42),
            map([(25, 33), (31, 20)], components: components, labels: 0, seed: 43)
        )
        var generator = SeededGenerator(seed: 44)
        for _ in 0..<500 {
            let (ax, ay) = (Int.random(in: 0..<40, using: &generator), Int.random(in: 0..<30, using: &generator))
            let region = target.regions.randomElement(using: &generator)!
            let bx = region.x + Int.random(in: 0..<region.width, using: &generator)
            let by = Int.random(in: 0..<region.height, using: &generator)
            let (fast, scalar) = SearchKernels.patchDistance(source, ax, ay, target, bx, by)
            #expect(fast == scalar)
        }
    }

    @Test("A field's distances, its random matches and passes over it equal their twins", arguments: maps, [0, 3])
    func field(sizes: [(Int, Int)], labels: Int) {
        for (components, other) in [(5, [(12, 9), (5, 17)]), (13, [(33, 21)]), (21, [(1, 1)]), (37, [(4, 4)])] {
            let (source, target) = (
                map(sizes, components: components, labels: labels, seed: 45),
                map(other, components: components, labels: labels, seed: 46)
            )
            let (half, height) = (source.height / 2, source.height)
            var fast = positions(source, target, seed: 47)
            var scalar = fast
            // Rows outside of the strips stay as they are.
            for (seed, strips) in [(5, [half..<height]), (6, [0..<height])] {
                (fast, scalar) = SearchKernels.measured(
                    fast, source: source, target: target, seed: UInt64(seed), strips: strips)
                #expect(fast == scalar)
            }
            for (pass, strips) in [[0..<height], [0..<half, half..<height], [0..<height]].enumerated() {
                (fast, scalar) = SearchKernels.iterated(
                    fast, source: source, target: target, seed: 77, backward: pass % 2 == 1, strips: strips)
                #expect(fast == scalar, "pass \(pass)")
            }
        }
    }

    @Test("An exchange equals its twin: each pixel takes the nearest of the matches that end there", arguments: maps)
    func exchange(sizes: [(Int, Int)]) {
        let (first, second) = (map(sizes, labels: 0, seed: 51), map([(12, 9), (5, 17)], labels: 0, seed: 52))
        var (forward, reverse) = (positions(first, second, seed: 53), positions(second, first, seed: 54))
        SearchKernels.measure(
            &forward, source: first, target: second, seed: 5, strips: [0..<first.height], workers: Workers(threads: 1))
        SearchKernels.measure(
            &reverse, source: second, target: first, seed: 5, strips: [0..<second.height],
            workers: Workers(threads: 1))
        // Steps so great that many are equally near: the first wins.
        for pixel in forward.distances.indices { forward.distances[pixel] >>= 14 }
        for pixel in reverse.distances.indices { reverse.distances[pixel] >>= 14 }
        let (fast, scalar) = SearchKernels.exchanged(forward, of: first, to: reverse, of: second)
        #expect(fast == scalar)
        #expect(first.width < 9 || fast != reverse)
    }
}
