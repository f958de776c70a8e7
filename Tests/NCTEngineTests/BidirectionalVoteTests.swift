import NCTEngine
import Testing

@Suite("Bidirectional vote")
struct BidirectionalVoteTests {
    private static func map(_ sizes: [(Int, Int)], channels: Int = 5, seed: UInt64) -> SearchMap {
        SearchMap(
            sizes.enumerated().map { index, size in
                (
                    TestImages.features(width: size.0, height: size.1, channels: channels, seed: seed + UInt64(index)),
                    nil
                )
            }, labelCount: 0, labelWeight: 0, scale: 100, workers: Workers(threads: 1))
    }

    @Test(
        "The fast vote agrees with its scalar twin, and with another number of threads",
        arguments: [5, 16, 17], [1, 2, 3] as [UInt64])
    func twin(channels: Int, seed: UInt64) {
        let source = Self.map([(23, 31)], channels: channels, seed: seed)
        let target = Self.map([(17, 12), (9, 20)], channels: channels, seed: seed + 50)
        let workers = Workers(threads: 2)
        let (forward, reverse) = PatchMatch.searchBothWays(
            between: source, and: target, iterations: 2, seed: seed, workers: workers)
        var generator = SeededGenerator(seed: seed)
        let colors = target.padded(
            target.regions.map { region in
                LabImage(
                    width: region.width, height: region.height,
                    samples: (0..<region.width * region.height * 3).map { _ in
                        Float.random(in: -100...100, using: &generator)
                    })
            })
        let (starts, entries) = BidirectionalVote.inverse(of: reverse, over: target, pixels: 23, 31)
        #expect(entries.count == 17 * 12 + 9 * 20)
        #expect(starts.last == UInt32(entries.count))
        let (fast, scalar) = SearchKernels.vote(
            source: source, target: target, colors: colors, field: forward.positions, reverseStarts: starts,
            reverse: entries, weight: 2)
        #expect(zip(fast.colors, scalar.colors).allSatisfy { abs($0 - $1) < 1e-3 }, "seed \(seed)")
        #expect(
            zip(fast.errors, scalar.errors).allSatisfy { abs($0 - $1) < 1e-3 * Swift.max(1000 as Float, $1) },
            "seed \(seed)")
        let single = SearchKernels.vote(
            source: source, target: target, colors: colors, field: forward.positions, reverseStarts: starts,
            reverse: entries, weight: 2, workers: Workers(threads: 1))
        #expect(fast.colors == single.colors && fast.errors == single.errors)
    }

    @Test("An image matched to itself is its own guidance, with full confidence")
    func identity() {
        let map = Self.map([(20, 15)], seed: 8)
        let positions = (0..<15).flatMap { y in (0..<20).map { x in UInt32(y) << 16 | UInt32(x) } }
        let field = NearestNeighborField(
            width: 20, height: 15, positions: positions, distances: [UInt32](repeating: 0, count: 300))
        var generator = SeededGenerator(seed: 9)
        let image = LabImage(
            width: 20, height: 15, samples: (0..<900).map { _ in Float.random(in: 0...100, using: &generator) })
        let vote = BidirectionalVote(
            source: map, target: map, colors: map.padded([image]), forward: field, reverse: field, weight: 2,
            randomError: 1000, workers: Workers(threads: 1))
        #expect(zip(vote.guidance.samples, image.samples).allSatisfy { abs($0 - $1) < 1e-3 })
        #expect(vote.confidence.values.allSatisfy { $0 > 0.999 })
    }
}
