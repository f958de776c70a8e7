import NCTEngine
import SmearPhantom
import Testing

@Suite struct BaselineNormalizerTests {
    static let baselines = NormalizationMethod.allCases.filter { $0 != .colorTransfer }

    private func normalizer(
        _ method: NormalizationMethod, threads: Int = 2, references: [RGBImage]? = nil
    ) throws -> BaselineNormalizer {
        try BaselineNormalizer(
            method: method,
            references: references ?? [BaselineScenes.smear(.labA, seed: 5), BaselineScenes.smear(.labA, seed: 6)],
            workers: Workers(threads: threads))
    }

    @Test("A smear is repainted and judged, without a confidence to be held to", arguments: baselines)
    func smear(method: NormalizationMethod) throws {
        let source = BaselineScenes.smear()
        let result = try normalizer(method).normalize(source)
        #expect(result.image != source && result.quality.treatment == .transferred)
        #expect(!result.quality.findings.contains { $0.kind == .lowConfidence } && result.quality.confidence == 0)
        #expect(result.stages == nil && result.chosenReference == nil)
        #expect(result.image.samples.allSatisfy { (0...1).contains($0) })
    }

    @Test(
        "A blank field comes back unchanged with a verdict that says so, and so does what is no smear",
        arguments: baselines)
    func spared(method: NormalizationMethod) throws {
        let normalizer = try normalizer(method)
        for value in [Float(0), 0.5, 0.93, 1] {
            let blank = BaselineScenes.uniform(value, width: 64, height: 48)
            let result = try normalizer.normalize(blank)
            #expect(result.image == blank && result.quality.treatment == .unchanged && result.quality.verdict == .bad)
            #expect(result.quality.findings.map(\.kind) == [.blankField])
        }
        let text = BaselineScenes.uniform(0.9, width: 160, height: 120)
        var lines = text
        for pixel in 0..<lines.pixelCount where pixel / 160 % 8 < 3 {
            for channel in 0..<3 { lines.samples[3 * pixel + channel] = 0.1 }
        }
        let result = try normalizer.normalize(lines)
        #expect(result.image == lines && result.quality.findings.map(\.kind) == [.notASmear])
    }

    @Test("An image of one pixel does not stop a method, nor do all zeros or a few pixels", arguments: baselines)
    func tiny(method: NormalizationMethod) throws {
        let normalizer = try normalizer(method)
        for image in [
            BaselineScenes.column([[120, 60, 140]]), BaselineScenes.uniform(0, width: 1, height: 1),
            BaselineScenes.column([[250, 250, 250], [120, 60, 140]]), TestImages.random(width: 7, height: 5, seed: 2),
        ] {
            let result = try normalizer.normalize(image)
            #expect(result.image.samples.allSatisfy { $0.isFinite } && result.image.width == image.width)
        }
    }

    @Test(
        "A field of one stain comes back with a finding from the methods that unmix, and whole from the others",
        arguments: baselines)
    func oneStain(method: NormalizationMethod) throws {
        // Disks of one dye on white: they look like a smear without white cells.
        var image = BaselineScenes.uniform(0.95, width: 160, height: 120)
        for pixel in 0..<image.pixelCount {
            let (x, y) = (Float(pixel % 160 % 40) - 20, Float(pixel / 160 % 40) - 20)
            let amount = max(0, min(1, 14 - (x * x + y * y).squareRoot())) * 0.5
            for channel in 0..<3 { image.samples[3 * pixel + channel] *= 1 - amount * [0.45, 0.8, 0.7][channel] }
        }
        let result = try normalizer(method).normalize(image)
        #expect(result.image.samples.allSatisfy { $0.isFinite })
        guard result.quality.field.isSmear else { Issue.record("\(result.quality.field)"); return }
        if [.macenko, .vahadane].contains(method) {
            #expect(result.image == image && result.quality.verdict == .bad)
            #expect(result.quality.findings.map(\.kind) == [.oneStain])
        } else {
            #expect(result.quality.treatment == .transferred)
        }
    }

    @Test("The result does not depend on the number of threads", arguments: baselines)
    func threads(method: NormalizationMethod) throws {
        let source = BaselineScenes.smear(seed: 8)
        let one = try normalizer(method, threads: 1).normalize(source)
        for threads in [2, 5] {
            let other = try normalizer(method, threads: threads).normalize(source)
            #expect(other.image == one.image && other.quality == one.quality)
        }
    }

    @Test("Blank references, none or four, and parameters out of range are refused", arguments: baselines)
    func refused(method: NormalizationMethod) throws {
        let smear = BaselineScenes.smear(.labA)
        for references in [[], [BaselineScenes.uniform(0.9, width: 64, height: 48)], [smear, smear, smear, smear]] {
            #expect(throws: EngineError.self) { try normalizer(method, references: references) }
        }
        var parameters = BaselineParameters()
        parameters.sparsity = .nan
        let error = #expect(throws: EngineError.self) {
            try BaselineNormalizer(
                method: method, references: [smear], parameters: parameters, workers: Workers(threads: 1))
        }
        #expect(error?.subject == .parameter("sparsity"))
    }
}
