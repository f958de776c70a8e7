import NCTEngine
import TestSupport
import Testing

@Suite("Medoids")
struct MedoidsTests {
    /// Likeness of points on a line, 1 at no distance and 0 from 10 on.
    private func likeness(_ candidates: [Float], _ members: [Float]) -> [[Float]] {
        candidates.map { candidate in members.map { max(0, 1 - abs(candidate - $0) / 10) } }
    }

    @Test("The middle of each of three groups is chosen, with the share that it stands for")
    func threeGroups() {
        let points: [Float] = [0, 1, 2, 3, 4, 50, 51, 52, 90, 91]
        let medoids = Medoids.choose(3, likeness: likeness(points, points))
        #expect(Set(medoids.chosen.map { points[$0] }).isSuperset(of: [2, 51]))
        for (position, share) in zip(medoids.chosen, medoids.shares) {
            let expected: Float = points[position] < 10 ? 0.5 : points[position] < 60 ? 0.3 : 0.2
            #expect(abs(share - expected) < 1e-6)
        }
    }

    @Test("Exchanging mends a greedy start that took the middle between two groups")
    func exchange() {
        // Greedy takes 6 first, as it is near both groups; the best pair is one of each.
        let members: [Float] = [0, 0, 0, 6, 12, 12, 12]
        let medoids = Medoids.choose(2, likeness: likeness([0, 6, 12], members))
        #expect(Set(medoids.chosen) == [0, 2])
    }

    @Test("No choice of as many is better, in 40 random populations small enough to try all")
    func exhaustive() {
        let seed: UInt64 = 42
        print("seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        var optimal = 0
        for _ in 0..<40 {
            let table = (0..<7).map { _ in (0..<9).map { _ in Float.random(in: 0...1, using: &generator) } }
            func value(_ rows: [Int]) -> Float {
                (0..<9).reduce(0) { sum, member in sum + (rows.map { table[$0][member] }.max() ?? 0) }
            }
            var best: Float = 0
            for i in 0..<7 { for j in 0..<i { best = max(best, value([i, j])) } }
            let reached = value(Medoids.choose(2, likeness: table).chosen)
            // Exchanges one by one end where no single one helps, which bounds the loss; most ends are the best.
            #expect(reached >= 0.9 * best)
            if reached >= best * (1 - 1e-5) { optimal += 1 }
        }
        print("\(optimal) of 40 were the best")
        #expect(optimal >= 30)
    }
}
