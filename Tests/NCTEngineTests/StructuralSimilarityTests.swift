import Foundation
import NCTEngine
import SmearPhantom
import Testing

@Suite("Structural similarity")
struct StructuralSimilarityTests {
    private let smear = SmearScene(seed: 4, width: 160, height: 120).render(in: .labB, noiseSeed: 4)

    private func changed(_ image: RGBImage, _ change: (Float) -> Float) -> RGBImage {
        var result = image
        for index in result.samples.indices { result.samples[index] = change(result.samples[index]) }
        return result
    }

    @Test("An image is similar to itself and to any affine change of it by exactly 1")
    func affine() {
        #expect(StructuralSimilarity.value(source: smear, result: smear) > 0.99999)
        for (gain, offset) in [(Float(0.5), Float(0.3)), (0.3, 0), (1.2, -0.2), (0.05, 0.5)] {
            let result = changed(smear) { gain * $0 + offset }
            #expect(StructuralSimilarity.value(source: smear, result: result) > 0.9999)
        }
    }

    @Test("An inverted image, one of one color, and one whose pixels are shuffled fall to where a verdict is bad")
    func destroyed() {
        let inverted = changed(smear) { 1 - $0 }
        let flat = changed(smear) { _ in 0.5 }
        var shuffled = smear
        var generator = SeededGenerator(seed: 5)
        let order = Array(0..<smear.pixelCount).shuffled(using: &generator)
        for (pixel, other) in order.enumerated() {
            for channel in 0..<3 { shuffled.samples[3 * pixel + channel] = smear.samples[3 * other + channel] }
        }
        for image in [inverted, flat, shuffled] {
            let value = StructuralSimilarity.value(source: smear, result: image)
            // What is left comes from the background, which has no structure to lose.
            #expect(value < 1 - 2 * (1 - QualityThresholds().minimumStructuralSimilarity), "\(value)")
        }
    }

    @Test("The more an image is disturbed, the less similar it is")
    func monotonic() {
        var values: [Float] = []
        for strength in [Float(0), 0.02, 0.05, 0.1, 0.2, 0.4] {
            var generator = SeededGenerator(seed: 6)
            let noisy = changed(smear) { $0 + strength * Float.random(in: -1...1, using: &generator) }
            values.append(StructuralSimilarity.value(source: smear, result: noisy))
        }
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 > $1 }, "\(values)")
        #expect(values[5] < 0.5)
    }

    @Test("The kernel agrees with the definition, written plainly in double precision, to 1e-4")
    func definition() {
        let other = SmearScene(seed: 9, width: 45, height: 31).render(in: .labA, noiseSeed: 1).luminance()
        let source = SmearScene(seed: 8, width: 45, height: 31).render(in: .labB, noiseSeed: 2).luminance()
        let (x, y) = (source.values.map(Double.init), other.values.map(Double.init))
        let count = Double(x.count)
        let (mx, my) = (x.reduce(0, +) / count, y.reduce(0, +) / count)
        let covariance = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) }
        let gain = max(0, covariance / y.reduce(0) { $0 + ($1 - my) * ($1 - my) })
        let fitted = y.map { gain * ($0 - my) + mx }
        var sum = 0.0
        var windows = 0.0
        for top in 0...31 - 7 {
            for left in 0...45 - 7 {
                let pixels = (top..<top + 7).flatMap { y in (left..<left + 7).map { y * 45 + $0 } }
                let (p, q) = (pixels.reduce(0) { $0 + x[$1] } / 49, pixels.reduce(0) { $0 + fitted[$1] } / 49)
                let vp = pixels.reduce(0) { $0 + (x[$1] - p) * (x[$1] - p) } / 49
                let vq = pixels.reduce(0) { $0 + (fitted[$1] - q) * (fitted[$1] - q) } / 49
                let c = pixels.reduce(0) { $0 + (x[$1] - p) * (fitted[$1] - q) } / 49
                sum += (2 * p * q + 1e-4) * (2 * c + 9e-4) / ((p * p + q * q + 1e-4) * (vp + vq + 9e-4))
                windows += 1
            }
        }
        let value = StructuralSimilarity.value(source: source, result: other)
        #expect(abs(Double(value) - sum / windows) < 1e-4, "\(value) \(sum / windows)")
    }

    @Test("The number of threads does not change the value, and the smallest images have one")
    func threads() {
        let other = SmearScene(seed: 5, width: 160, height: 120).render(in: .labA, noiseSeed: 4)
        let values = [1, 2, 3].map {
            StructuralSimilarity.value(source: smear, result: other, workers: Workers(threads: $0))
        }
        #expect(Set(values).count == 1)
        let dot = RGBImage(width: 1, height: 1, filledWith: (0.4, 0.5, 0.6))
        #expect(StructuralSimilarity.value(source: dot, result: dot) == 1)
    }
}
