import Foundation
import NCTEngine
import Testing

@Suite("Edge statistics")
struct EdgeStatisticsTests {
    /// Luminance as a function of a position, in a field large enough for the full scales.
    private func plane(noise: Float = 0, _ value: (Float, Float) -> Float) -> Plane {
        var generator = SeededGenerator(seed: 11)
        var plane = Plane(width: 520, height: 480)
        for y in 0..<480 {
            for x in 0..<520 {
                plane[x, y] = value(Float(x), Float(y)) + noise * Float.random(in: -1...1, using: &generator)
            }
        }
        return plane
    }

    /// 0…1 across an edge at 0 that is blurred by a Gaussian.
    private func edge(_ distance: Float, _ blur: Float) -> Float {
        0.5 * (1 + erf(distance / (blur * Float(2).squareRoot())))
    }

    /// Slanted, so that the edge crosses pixels everywhere.
    private func distance(_ x: Float, _ y: Float) -> Float { 0.93 * (x - 260) + 0.37 * (y - 240) }

    @Test(
        "An edge of known blur has the sharpness that theory gives, whatever its contrast and noise",
        arguments: [
            (Float(0.7), Float(0.4), Float(0)), (1.5, 0.4, 0), (3, 0.4, 0), (6, 0.4, 0), (3, 0.1, 0), (3, 0.4, 0.02),
            (1.5, 0.2, 0.01),
        ])
    func sharpness(blur: Float, contrast: Float, noise: Float) {
        let statistics = EdgeStatistics(
            plane(noise: noise) { 0.3 + contrast * edge(distance($0, $1), blur) })
        let expected = ((blur * blur + 16) / (blur * blur + 1)).squareRoot()
        #expect(abs(statistics.sharpness - expected) < 0.1 * expected, "\(statistics.sharpness) for \(expected)")
    }

    @Test("The wider the blur, the lower the sharpness")
    func monotonic() {
        let values = [Float(0.5), 1, 2, 3, 5, 8].map { blur in
            EdgeStatistics(plane { 0.3 + 0.3 * edge(distance($0, $1), blur) }).sharpness
        }
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 }, "\(values)")
    }

    @Test("Edges in lines and columns are aligned, also when turned; those around disks are not")
    func alignment() {
        func board(_ x: Float, _ y: Float) -> Float { (Int(x / 40) + Int(y / 40)) % 2 == 0 ? 0.3 : 0.7 }
        let straight = EdgeStatistics(plane { board($0, $1) })
        let turned = EdgeStatistics(plane { board(2000 + 0.8 * $0 + 0.6 * $1, 2000 - 0.6 * $0 + 0.8 * $1) })
        let disks = EdgeStatistics(
            plane { x, y in
                let (u, v) = (x.truncatingRemainder(dividingBy: 65) - 32, y.truncatingRemainder(dividingBy: 65) - 32)
                return 0.8 - 0.4 * edge(24 - hypot(u, v), 1)
            })
        #expect(straight.alignment > 0.8 && turned.alignment > 0.7, "\(straight.alignment) \(turned.alignment)")
        #expect(disks.alignment < 0.25, "\(disks.alignment)")
        #expect(disks.share > 0.02)
    }

    @Test("Edges around dark disks curve one way, around bright ones the other")
    func polarity() {
        func disks(_ contrast: Float) -> EdgeStatistics {
            EdgeStatistics(
                plane(noise: 0.01) { x, y in
                    let u = x.truncatingRemainder(dividingBy: 65) - 32
                    let v = y.truncatingRemainder(dividingBy: 65) - 32
                    return 0.5 - contrast * edge(24 - hypot(u, v), 1)
                })
        }
        #expect(disks(0.3).polarity > 0.8 && disks(-0.3).polarity < -0.8)
        #expect(EdgeStatistics(plane { _, _ in 0.7 }).polarity == 0)
    }

    @Test("A flat field, a shade across the field and their noise have no edges; noise alone is rough")
    func nothing() {
        #expect(EdgeStatistics(plane { _, _ in 0.7 }).share == 0)
        #expect(EdgeStatistics(plane(noise: 0.02) { 0.4 + 0.0004 * $0 + 0.0002 * $1 }).share < 0.001)
        let noise = EdgeStatistics(plane(noise: 0.5) { _, _ in 0.5 })
        #expect(noise.roughness > 0.5, "\(noise.roughness)")
        #expect(EdgeStatistics(plane(noise: 0.01) { 0.3 + 0.3 * edge(distance($0, $1), 1) }).roughness < 0.05)
    }

    @Test("The number of threads does not change them, and an image of one pixel has none")
    func threads() {
        let plane = plane(noise: 0.02) { 0.3 + 0.3 * edge(distance($0, $1), 2) }
        let values = [1, 2, 3].map { EdgeStatistics(plane, workers: Workers(threads: $0)).sharpness }
        #expect(Set(values).count == 1)
        #expect(EdgeStatistics(Plane(width: 1, height: 1)).share == 0)
    }
}
