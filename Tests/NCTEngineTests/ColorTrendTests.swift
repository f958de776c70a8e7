import NCTEngine
import SmearPhantom
import Testing

extension ColorTrend {
    /// The trend of whole images.
    init(
        from source: LabImage, to result: LabImage, mask: DataMask? = nil, workers: Workers = Workers(threads: 1)
    ) {
        self.init(
            from: source, to: result, at: Self.sample(width: source.width, pixelCount: source.pixelCount, mask: mask),
            workers: workers)
    }
}

@Suite("Color trend")
struct ColorTrendTests {
    private let workers = Workers(threads: 2)

    private func smear(seed: UInt64, stain: Stain = .labB) -> LabImage {
        LabImage(SmearScene(seed: seed, width: 200, height: 150).render(in: stain, noiseSeed: seed))
    }

    /// A quadratic change of color, the same everywhere.
    private func changed(_ image: LabImage) -> LabImage {
        var result = image
        for pixel in 0..<image.pixelCount {
            let (l, a, b) = (image.samples[3 * pixel], image.samples[3 * pixel + 1], image.samples[3 * pixel + 2])
            result.samples[3 * pixel] = 5 + 0.9 * l + 0.002 * l * a
            result.samples[3 * pixel + 1] = -3 + 1.2 * a + 0.1 * b
            result.samples[3 * pixel + 2] = 10 + 0.7 * b - 0.003 * l * l
        }
        return result
    }

    private func greatestDifference(_ a: LabImage, _ b: LabImage) -> Float {
        zip(a.samples, b.samples).map { abs($0 - $1) }.max() ?? 0
    }

    @Test("A change that is one function of color is found, also where a tenth of the pixels were matched wrongly")
    func recovery() {
        let source = smear(seed: 5)
        let truth = changed(source)
        var observed = truth
        for pixel in stride(from: 0, to: source.pixelCount, by: 10) {
            observed.samples[3 * pixel] += 40
            observed.samples[3 * pixel + 2] -= 30
        }
        var result = observed
        ColorTrend(from: source, to: observed).blend(into: &result, from: source, share: 1, workers: workers)
        #expect(greatestDifference(observed, truth) > 39)
        #expect(greatestDifference(result, truth) < 1)
    }

    @Test("The share is how far the result moves")
    func share() {
        let source = smear(seed: 6), other = smear(seed: 7)
        let trend = ColorTrend(from: source, to: changed(source))
        var whole = other, none = other, half = other
        trend.blend(into: &whole, from: source, share: 1, workers: workers)
        trend.blend(into: &none, from: source, share: 0, workers: workers)
        trend.blend(into: &half, from: source, share: 0.5, workers: workers)
        #expect(none == other)
        for index in half.samples.indices {
            #expect(abs(half.samples[index] - (whole.samples[index] + other.samples[index]) / 2) < 1e-3)
        }
        var identical = other
        ColorTrend.identity.blend(into: &identical, from: source, share: 1, workers: workers)
        #expect(greatestDifference(identical, source) < 1e-4)
    }

    @Test("A field of one color, in which nothing can be fitted, is not blown up")
    func oneColor() {
        let source = LabImage(width: 40, height: 30, samples: [Float](repeating: 60, count: 3600))
        var result = LabImage(width: 40, height: 30, samples: [Float](repeating: 70, count: 3600))
        ColorTrend(from: source, to: result).blend(into: &result, from: source, share: 1, workers: workers)
        #expect(result.samples.allSatisfy { abs($0 - 70) < 0.01 })
    }

    @Test("The kernel agrees with its twin, for any number of threads")
    func twin() {
        let source = smear(seed: 8), start = smear(seed: 9, stain: .labA)
        let coefficients = ColorTrend(from: source, to: start).coefficients
        var three = start.samples
        let (one, twin) = ColorKernels.blendQuadratic(
            of: source.samples, coefficients: coefficients, share: 0.7, into: start.samples)
        ColorKernels.blendQuadratic(
            of: source.samples, coefficients: coefficients, share: 0.7, into: &three, workers: Workers(threads: 3))
        #expect(one == three)
        #expect(zip(one, twin).allSatisfy { abs($0 - $1) < 1e-3 })
    }
}
