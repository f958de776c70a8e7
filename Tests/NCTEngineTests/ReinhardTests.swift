import NCTEngine
import Testing

@Suite struct ReinhardTests {
    typealias Space = BaselineParameters.ReinhardSpace

    private func transfer(_ image: RGBImage, _ references: [RGBImage], _ space: Space, threads: Int = 1) -> RGBImage? {
        let workers = Workers(threads: threads)
        return Reinhard(references: references, space: space, workers: workers).recolor(image, nil, workers: workers)
            .image
    }

    @Test("An image with its own statistics stays as it is", arguments: Space.allCases)
    func itself(space: Space) throws {
        let image = BaselineScenes.smear()
        #expect(try #require(transfer(image, [image], space)).greatestDifference(to: image) < 2e-3)
    }

    @Test("In lαβ a change of the light alone is undone: it moves the means, nothing else")
    func light() throws {
        let image = BaselineScenes.dyed(strength: 0.5)
        var dimmed = image
        for index in dimmed.samples.indices { dimmed.samples[index] *= 0.6 }
        #expect(try #require(transfer(dimmed, [image], .lAlphaBeta)).greatestDifference(to: image) < 1e-3)
    }

    @Test("In CIELAB the result has the references' means and deviations")
    func statistics() throws {
        // Without samples near the gamut's edge, where they would be clipped.
        let (image, reference) = (BaselineScenes.dyed(strength: 0.3), BaselineScenes.dyed(seed: 2, strength: 0.5))
        let result = LabImage(try #require(transfer(image, [reference], .cielab)))
        let target = LabImage(reference)
        for axis in 0..<3 {
            func moments(_ lab: LabImage) -> (mean: Float, deviation: Float) {
                let values = stride(from: axis, to: lab.samples.count, by: 3).map { lab.samples[$0] }
                let mean = values.reduce(0, +) / Float(values.count)
                return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Float(values.count)).squareRoot())
            }
            #expect(abs(moments(result).mean - moments(target).mean) < 0.5)
            #expect(abs(moments(result).deviation - moments(target).deviation) < 0.5)
        }
    }

    @Test("Two references are pooled, each pixel counting the same", arguments: Space.allCases)
    func pooled(space: Space) throws {
        let (first, second) = (BaselineScenes.smear(.labA, seed: 5), BaselineScenes.smear(.labA, seed: 6, width: 96))
        let both = RGBImage(
            width: 1, height: first.pixelCount + second.pixelCount, samples: first.samples + second.samples)
        let source = BaselineScenes.smear()
        let results = (transfer(source, [first, second], space), transfer(source, [both], space))
        #expect(try #require(results.0).greatestDifference(to: try #require(results.1)) < 1e-5)
    }

    @Test("An image of one color or of black only moves to the references' mean", arguments: Space.allCases)
    func flat(space: Space) throws {
        for image in [BaselineScenes.uniform(0.5), BaselineScenes.uniform(0), BaselineScenes.column([[9, 99, 200]])] {
            let result = try #require(transfer(image, [BaselineScenes.smear(.labA)], space))
            #expect(result.samples.allSatisfy { $0.isFinite && (0...1).contains($0) })
            #expect(
                stride(from: 0, to: result.samples.count, by: 3).allSatisfy { result.samples[$0] == result.samples[0] })
        }
    }

    @Test("The number of threads does not matter", arguments: [2, 5])
    func threads(count: Int) {
        let (image, reference) = (BaselineScenes.smear(), BaselineScenes.smear(.labA))
        for space in Space.allCases {
            #expect(transfer(image, [reference], space, threads: count) == transfer(image, [reference], space))
        }
    }
}
