import NCTEngine
import Testing

@Suite("Selection")
struct SelectionTests {
    @Test("Every rank is what sorting puts there", arguments: [1, 2, 3] as [UInt64], [300, 9000])
    func likeSorting(seed: UInt64, count: Int) {
        var generator = SeededGenerator(seed: seed)
        var values = (0..<count).map { _ in Float.random(in: -50...50, using: &generator) }
        // Equal ones, zeros of both signs, and some that share their upper bits.
        values += [0, -0, 0, 12, 12, 12, -7, -7, 1e-30, -1e-30, .infinity, -.infinity]
        values += (0..<50).map { Float(bitPattern: Float(3).bitPattern + UInt32($0 % 9)) }
        let sorted = values.sorted()
        for rank in values.indices where count < 1000 || rank % 97 == 0 {
            #expect(values.selected(rank: rank) == sorted[rank], "rank \(rank), seed \(seed)")
        }
    }

    @Test("One value is its own median")
    func single() {
        #expect([Float(-3.5)].selected(rank: 0) == -3.5)
    }
}
