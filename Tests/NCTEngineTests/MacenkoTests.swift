import Foundation
import NCTEngine
import Testing

@Suite struct MacenkoTests {
    private func macenko(_ references: [RGBImage], threads: Int = 1) throws -> Macenko {
        try Macenko(references: references, parameters: BaselineParameters(), workers: Workers(threads: threads))
    }

    @Test("The dyes that an image was mixed from are found, the nuclear one first")
    func stains() throws {
        for dyes in [BaselineScenes.dyes, BaselineScenes.dyes.reversed()] {
            let stains = try macenko([BaselineScenes.dyed(dyes)]).target.stains
            #expect(StainPair(stains.first, BaselineScenes.dyes[0]).angle < 0.5)
            #expect(StainPair(stains.second, BaselineScenes.dyes[1]).angle < 0.5)
        }
    }

    @Test("An image stained more strongly and with other dyes becomes the reference, pixel by pixel")
    func transfer() throws {
        let reference = BaselineScenes.dyed()
        let other = BaselineScenes.dyes.map { dye in
            let shifted = dye + SIMD3<Float>(0.08, -0.05, 0.03)
            return shifted / (shifted * shifted).sum().squareRoot()
        }
        let capture = BaselineScenes.dyed(other, strength: 0.7)
        let result = try #require(macenko([reference]).recolor(capture, nil, workers: Workers(threads: 1)).image)
        #expect(result.greatestDifference(to: reference) < 0.01)
    }

    @Test(
        "What lacks a second stain, or any, comes back with the reason",
        arguments: BaselineScenes.impossible.keys.sorted())
    func impossible(name: String) throws {
        let (image, kind) = try #require(BaselineScenes.impossible[name])
        let finding = try #require(
            macenko([BaselineScenes.dyed()]).recolor(image, nil, workers: Workers(threads: 1)).finding)
        #expect(finding.kind == kind, "\(finding)")
        #expect(throws: EngineError.self) { try macenko([image]) }
    }

    @Test("A stain that is in less than a hundredth of the pixels is hardly there, and nothing is divided by it")
    func absent() throws {
        var image = BaselineScenes.dyed([BaselineScenes.dyes[0], BaselineScenes.dyes[1]])
        // White, but for 150 of 20,000 pixels.
        image = RGBImage(
            width: 200, height: 100,
            samples: Array(image.samples[0..<3 * 200]) + [Float](repeating: 1, count: 3 * (200 * 100 - 200)))
        let result = try macenko([BaselineScenes.dyed()]).recolor(image, nil, workers: Workers(threads: 1))
        #expect(result.finding?.kind == .stainAbsent, "\(String(describing: result.finding))")
    }

    @Test("Two references are pooled")
    func pooled() throws {
        let (first, second) = (BaselineScenes.dyed(seed: 5), BaselineScenes.dyed(seed: 6, strength: 0.6))
        let both = RGBImage(width: 96, height: 128, samples: first.samples + second.samples)
        let (pair, one) = (try macenko([first, second]).target, try macenko([both]).target)
        #expect(StainPair(pair.stains.first, one.stains.first).angle < 0.05)
        #expect(abs(pair.strengths.x - one.strengths.x) < 1e-4 && abs(pair.strengths.y - one.strengths.y) < 1e-4)
    }

    @Test("The number of threads does not matter", arguments: [2, 5])
    func threads(count: Int) throws {
        let (image, reference) = (BaselineScenes.smear(), BaselineScenes.smear(.labA))
        let one = try macenko([reference]).recolor(image, nil, workers: Workers(threads: 1))
        #expect(try macenko([reference], threads: count).recolor(image, nil, workers: Workers(threads: count)) == one)
        #expect(one.image != nil)
    }
}
