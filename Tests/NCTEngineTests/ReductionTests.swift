import NCTEngine
import Testing

@Suite("Reduction to a coarser grid")
struct ReductionTests {
    private let workers = Workers(threads: 2)

    @Test("Images of both kinds and planes become the means of squares, the remainder dropped", arguments: [2, 3, 4])
    func means(scale: Int) {
        let image = TestImages.random(width: 41, height: 30, seed: UInt64(scale))
        let lab = LabImage(image)
        let plane = image.luminance(.rec601, workers: workers)
        let (rgb, inLab) = (
            Reduction.box(image, by: scale, workers: workers), Reduction.box(lab, by: scale, workers: workers)
        )
        let single = Reduction.box(plane, by: scale)
        #expect((rgb.width, rgb.height) == (41 / scale, 30 / scale))
        #expect((inLab.width, inLab.height) == (rgb.width, rgb.height))
        func mean(_ value: (Int) -> Float, _ x: Int, _ y: Int) -> Float {
            var sum = 0.0
            for dy in 0..<scale {
                for dx in 0..<scale { sum += Double(value((y * scale + dy) * 41 + x * scale + dx)) }
            }
            return Float(sum / Double(scale * scale))
        }
        for y in 0..<rgb.height {
            for x in 0..<rgb.width {
                let at = y * rgb.width + x
                for channel in 0..<3 {
                    #expect(abs(rgb.samples[3 * at + channel] - mean({ image.samples[3 * $0 + channel] }, x, y)) < 1e-5)
                    #expect(abs(inLab.samples[3 * at + channel] - mean({ lab.samples[3 * $0 + channel] }, x, y)) < 1e-3)
                }
                #expect(abs(single.values[at] - mean({ plane.values[$0] }, x, y)) < 1e-5)
            }
        }
    }

    @Test("A pixel takes the label of most of those it covers; of several the one that comes to as many first")
    func labels() {
        let map = LabelMap<Cluster>(
            width: 5, height: 4,
            bytes: [
                1, 2, 0, 3, 9,
                2, 2, 3, 0, 9,
                4, 4, 1, 2, 9,
                5, 5, 2, 2, 9,
            ])
        let reduced = map.reduced(by: 2)
        #expect((reduced.width, reduced.height) == (2, 2))
        #expect(reduced.bytes == [2, 3, 4, 2])
        #expect(map.reduced(by: 1) == map)
    }
}
