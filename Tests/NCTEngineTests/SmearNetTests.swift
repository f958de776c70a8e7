import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("SmearNet")
struct SmearNetTests {
    private let workers = Workers(threads: 2)

    /// The class of the phantom's pixels as the network numbers them: both number them alike.
    private func overlaps(_ seeds: Range<UInt64>) throws -> [Double] {
        var (both, either) = ([Double](repeating: 0, count: 5), [Double](repeating: 0, count: 5))
        for seed in seeds {
            let scene = SmearScene(seed: 900_000 + seed, width: 480, height: 360)
            let image = scene.render(in: .random(7_000 + seed), noiseSeed: seed)
            let found = try SmearNet.embedded.segmentation(of: image, workers: workers).labels
            for (seen, known) in zip(found.bytes, scene.classes.bytes) {
                either[Int(known)] += 1
                if seen == known { both[Int(known)] += 1 } else { either[Int(seen)] += 1 }
            }
        }
        return zip(both, either).map { $0 / max(1, $1) }
    }

    @Test("Classes of phantoms of unseen seeds and stains overlap with the truth")
    func phantoms() throws {
        let found = try overlaps(0..<12)
        print("intersection over union:", found)
        for (kind, least) in zip(SmearClass.allCases, [0.95, 0.93, 0.85, 0.84, 0.6]) {
            #expect(found[Int(kind.rawValue)] >= least, "\(kind)")
        }
    }

    @Test("A smear is told from what is none")
    func smears() throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            let smear = SmearScene(seed: seed, width: 480, height: 360).render(in: .random(seed), noiseSeed: seed)
            #expect(try SmearNet.embedded.segmentation(of: smear, workers: workers).smearProbability > 0.5)
            for kind in NotASmear.allCases {
                let image = kind.image(seed: seed, width: 480, height: 360)
                let found = try SmearNet.embedded.segmentation(of: image, workers: workers).smearProbability
                #expect(found < 0.5, "\(kind), seed \(seed)")
            }
        }
    }

    @Test("The features of a field change less with its stain than they differ between its pixels")
    func invariance() throws {
        let scene = SmearScene(seed: 31, width: 320, height: 240)
        let maps = try [Stain.labA, .labB].map {
            try SmearNet.embedded.features(of: scene.render(in: $0), levels: [1, 2, 3], workers: workers)
        }
        for level in 1...3 {
            let (a, b) = (maps[0][level]!, maps[1][level]!)
            #expect(a.channels == SmearNet.embedded.channels(atLevel: level))
            #expect(a.width == 320 >> (level - 1) && a.height == 240 >> (level - 1))
            func distance(_ x: ArraySlice<Float>, _ y: ArraySlice<Float>) -> Float {
                zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            var generator = SeededGenerator(seed: 5)
            var (same, other) = (Float(0), Float(0))
            for pixel in 0..<a.pixelCount {
                let random = Int.random(in: 0..<a.pixelCount, using: &generator)
                let own = a.values[pixel * a.channels..<(pixel + 1) * a.channels]
                same += distance(own, b.values[pixel * a.channels..<(pixel + 1) * a.channels])
                other += distance(own, b.values[random * a.channels..<(random + 1) * a.channels])
            }
            #expect(same < 0.5 * other, "level \(level): \(same / other)")
        }
    }

    @Test("One thread and two give the same bytes; a large image has the labels of its own grid")
    func determinism() throws {
        let scene = SmearScene(seed: 8, width: 1300, height: 980)
        let image = scene.render(in: .labB, noiseSeed: 8)
        let one = try SmearNet.embedded.segmentation(of: image, workers: Workers(threads: 1))
        let two = try SmearNet.embedded.segmentation(of: image, workers: workers)
        #expect(one.labels == two.labels && one.smearProbability == two.smearProbability)
        let labels = two.labels(reducedBy: 1, workers: workers)
        #expect(labels.width == 1300 && labels.height == 980)
        let right = zip(labels.bytes, scene.classes.bytes).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        #expect(Double(right) > 0.93 * Double(labels.pixelCount))
        let half = two.labels(reducedBy: 4, workers: workers)
        #expect(half.width == 325 && half.height == 245)
    }

    @Test("An image without sixteen pixels either way is refused")
    func tooSmall() {
        #expect(throws: EngineError.self) {
            try SmearNet.embedded.segmentation(
                of: RGBImage(width: 15, height: 40, filledWith: (0.5, 0.5, 0.5)), workers: workers)
        }
    }

    @Test("Weights that are cut off or not its own are refused with the tensor's name")
    func weights() {
        #expect(throws: EngineError.self) { try SmearNet(weights: [1, 2, 3]) }
        do {
            _ = try SmearNet(weights: Array("\u{2}\0\0\0\0\0\0\0{}".utf8))
            Issue.record("a file without tensors was taken")
        } catch { #expect("\(error)".contains("encoder.1.1")) }
    }
}
