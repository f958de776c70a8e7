import NCTEngine
import SmearPhantom
import TestSupport
import Testing

@Suite("Class color model")
struct ClassColorModelTests {
    private let classes = SmearClass.allCases.count

    /// A field of upright stripes, a class each, with its color and some noise; the network is sure of every pixel but
    /// where `mistaken` says that it is as sure of another class.
    private func field(
        seed: UInt64, mistaken: (Int, Int) -> SmearClass?
    ) -> (probabilities: FeatureMap, colors: LabImage, truth: LabelMap<SmearClass>) {
        var generator = SeededGenerator(seed: seed)
        let means: [SIMD3<Float>] = [[92, 4, 16], [70, 20, 12], [72, 16, -4], [35, 38, -40], [55, 28, -20]]
        let (width, height) = (100, 60)
        var truth = LabelMap<SmearClass>(width: width, height: height)
        var probabilities = FeatureMap(width: width, height: height, channels: classes)
        var samples: [Float] = []
        for y in 0..<height {
            for x in 0..<width {
                let kind = x / 20
                truth.bytes[y * width + x] = UInt8(kind)
                for channel in 0..<3 {
                    samples.append(means[kind][channel] + Float.random(in: -3...3, using: &generator))
                }
                let seen = Int(mistaken(x, y)?.rawValue ?? UInt8(kind))
                for other in 0..<classes {
                    probabilities.values[(y * width + x) * classes + other] = other == seen ? 0.9 : 0.025
                }
            }
        }
        return (probabilities, LabImage(width: width, height: height, samples: samples), truth)
    }

    private func likeliest(_ map: FeatureMap) -> [UInt8] {
        (0..<map.pixelCount).map { pixel in
            UInt8((0..<classes).max { map.values[pixel * classes + $0] < map.values[pixel * classes + $1] } ?? 0)
        }
    }

    private func corrected(_ probabilities: FeatureMap, _ colors: LabImage, threads: Int = 1) -> FeatureMap {
        ClassColorModel(probabilities, colors: colors, workers: Workers(threads: threads))
            .applied(to: probabilities, colors: colors, workers: Workers(threads: threads))
    }

    @Test("A patch of red cell that is taken for nucleus becomes red cell again, and all else stays")
    func corrects() {
        let field = field(seed: 3) { x, y in (30..<38).contains(x) && (10..<40).contains(y) ? .nucleus : nil }
        let before = zip(likeliest(field.probabilities), field.truth.bytes).count { $0 != $1 }
        let result = corrected(field.probabilities, field.colors)
        let after = zip(likeliest(result), field.truth.bytes).count { $0 != $1 }
        #expect(before == 240 && after == 0, "\(before) → \(after)")
    }

    @Test("Where the network is right everywhere nothing changes, and each pixel's probabilities make one")
    func keeps() {
        let field = field(seed: 4) { _, _ in nil }
        let result = corrected(field.probabilities, field.colors)
        #expect(likeliest(result) == field.truth.bytes)
        for pixel in 0..<result.pixelCount {
            let sum = result.values[pixel * classes..<(pixel + 1) * classes].reduce(0, +)
            #expect(abs(sum - 1) < 1e-5)
        }
    }

    @Test("A field of one class, of one color or of one pixel is left as it is")
    func degenerate() {
        for (width, height) in [(40, 30), (1, 1)] {
            let probabilities = FeatureMap(
                width: width, height: height, channels: classes,
                values: (0..<width * height).flatMap { _ in [0.96, 0.01, 0.01, 0.01, 0.01] as [Float] })
            let colors = LabImage(
                width: width, height: height, samples: [Float](repeating: 50, count: width * height * 3))
            let result = corrected(probabilities, colors)
            #expect(result.values.allSatisfy { $0.isFinite })
            #expect(likeliest(result).allSatisfy { $0 == 0 })
        }
    }

    @Test("One thread and three give the same bytes")
    func threads() {
        let field = field(seed: 5) { x, y in (x + y).isMultiple(of: 7) ? .cytoplasm : nil }
        #expect(
            corrected(field.probabilities, field.colors).values
                == corrected(field.probabilities, field.colors, threads: 3).values)
    }
}
