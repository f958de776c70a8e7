import Foundation
import NCTEngine
import Testing

@Suite struct VahadaneTests {
    private func vahadane(_ references: [RGBImage], seed: UInt64 = 1, threads: Int = 1) throws -> Vahadane {
        try Vahadane(
            references: references, parameters: BaselineParameters(), seed: seed, workers: Workers(threads: threads))
    }

    @Test("The sparse code of two stains is the least of all codes on a grid, and never negative")
    func code() {
        let stains = StainPair(BaselineScenes.dyes[0], BaselineScenes.dyes[1])
        let unmixing = Unmixing(stains, sparsity: 0.1)
        var generator = SeededGenerator(seed: 4)
        func objective(_ density: SIMD3<Float>, _ code: SIMD2<Float>) -> Float {
            let rest: SIMD3<Float> = density - code.x * stains.first - code.y * stains.second
            let square: Float = (rest * rest).sum()
            return square / 2 + 0.1 * code.sum()
        }
        for _ in 0..<200 {
            let density = SIMD3<Float>.random(in: -0.1...1.5, using: &generator)
            let code = unmixing(density)
            #expect(code.min() >= 0)
            var best = Float.infinity
            for x in 0...40 {
                for y in 0...40 { best = min(best, objective(density, SIMD2(Float(x), Float(y)) / 20)) }
            }
            #expect(objective(density, code) <= best + 1e-5)
        }
    }

    @Test("The factorization ends at a minimum: from other starts it finds the same stains, and no neighbor is better")
    func minimum() throws {
        let densities = StainDensity.stained(
            [BaselineScenes.dyed()], threshold: 0.15, workers: Workers(threads: 1))
        func fit(_ start: StainPair) -> SparseFactorization {
            SparseFactorization(densities, start: start, sparsity: 0.1, workers: Workers(threads: 1))
        }
        let best = fit(StainPair(BaselineScenes.dyes[0], BaselineScenes.dyes[1]))
        let other = fit(StainPair([0.9, 0.3, 0.3], [0.1, 0.4, 0.9]))
        #expect(StainPair(best.stains.first, other.stains.first).angle < 0.5)
        #expect(StainPair(best.stains.second, other.stains.second).angle < 0.5)
        #expect(abs(best.objective - other.objective) < 1e-4 * best.objective)
        var generator = SeededGenerator(seed: 8)
        for _ in 0..<20 {
            func near(_ stain: SIMD3<Float>) -> SIMD3<Float> {
                let moved = stain + SIMD3<Float>.random(in: -0.05...0.05, using: &generator)
                let positive = moved.clamped(lowerBound: .zero, upperBound: .init(repeating: 1))
                return positive / max(1, (positive * positive).sum().squareRoot())
            }
            let stains = StainPair(near(best.stains.first), near(best.stains.second))
            let unmixing = Unmixing(stains, sparsity: 0.1)
            var objective = 0.0
            for density in densities {
                let code = unmixing(density)
                let rest: SIMD3<Float> = density - code.x * stains.first - code.y * stains.second
                let value: Float = (rest * rest).sum() / 2 + 0.1 * code.sum()
                objective += Double(value)
            }
            #expect(objective / Double(densities.count) > best.objective * (1 - 1e-5))
        }
    }

    @Test("The dyes that an image was mixed from are found to some degrees, the nuclear one first, none negative")
    func stains() throws {
        let stains = try vahadane([BaselineScenes.dyed()]).target.stains
        // Sparsity draws the stains toward each other; it cannot bring back the exact ones.
        #expect(StainPair(stains.first, BaselineScenes.dyes[0]).angle < 6)
        #expect(StainPair(stains.second, BaselineScenes.dyes[1]).angle < 6)
        #expect(stains.first.min() >= 0 && stains.second.min() >= 0)
    }

    @Test("Concentrations are scaled: an image stained less becomes like the reference")
    func transfer() throws {
        let reference = BaselineScenes.dyed()
        let capture = BaselineScenes.dyed(strength: 0.7)
        let result = try #require(vahadane([reference]).recolor(capture, nil, workers: Workers(threads: 1)).image)
        func distance(_ image: RGBImage) -> Float {
            let sum: Float = zip(image.samples, reference.samples).reduce(0) { $0 + abs($1.0 - $1.1) }
            return sum / Float(image.samples.count)
        }
        let (mean, before) = (distance(result), distance(capture))
        // Sparsity takes the same from weak stains as from strong ones, so the scale cannot be exact.
        #expect(mean < 0.7 * before, "\(mean), \(before) before")
    }

    @Test(
        "What lacks a second stain, or any, comes back with the reason",
        arguments: BaselineScenes.impossible.keys.sorted())
    func impossible(name: String) throws {
        let (image, kind) = try #require(BaselineScenes.impossible[name])
        let finding = try #require(
            vahadane([BaselineScenes.dyed()]).recolor(image, nil, workers: Workers(threads: 1)).finding)
        #expect(finding.kind == kind, "\(finding)")
        #expect(throws: EngineError.self) { try vahadane([image]) }
    }

    @Test("A sample is drawn with its seed and has the size that it should")
    func sample() {
        let densities = (0..<200_000).map { SIMD3<Float>(repeating: Float($0)) }
        let sample = SparseFactorization.sample(densities, seed: 3)
        #expect(sample.count == SparseFactorization.sampleSize)
        #expect(sample == SparseFactorization.sample(densities, seed: 3))
        #expect(sample != SparseFactorization.sample(densities, seed: 4))
        let mean = sample.reduce(0.0) { $0 + Double($1.x) } / Double(sample.count)
        #expect(abs(mean - 100_000) < 1_000)
    }

    @Test("The number of threads does not matter", arguments: [2, 5])
    func threads(count: Int) throws {
        let (image, reference) = (BaselineScenes.smear(), BaselineScenes.smear(.labA))
        let one = try vahadane([reference]).recolor(image, nil, workers: Workers(threads: 1))
        #expect(try vahadane([reference], threads: count).recolor(image, nil, workers: Workers(threads: count)) == one)
        #expect(one.image != nil)
    }
}
