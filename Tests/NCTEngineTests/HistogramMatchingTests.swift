import NCTEngine
import Testing

@Suite struct HistogramMatchingTests {
    private func match(_ image: RGBImage, _ references: [RGBImage], threads: Int = 1) -> RGBImage? {
        let workers = Workers(threads: threads)
        return HistogramMatching(references: references, workers: workers).recolor(image, nil, workers: workers).image
    }

    @Test("Values take those of equal rank, whatever the channel")
    func ranks() throws {
        let source = BaselineScenes.column([[3, 9, 1], [1, 5, 1], [2, 7, 1], [4, 6, 2]])
        let reference = BaselineScenes.column([[10, 0, 50], [20, 100, 60], [30, 200, 70], [40, 250, 80]])
        let result = try #require(match(source, [reference]))
        #expect(result.codes == [30, 250, 70, 10, 0, 70, 20, 200, 70, 40, 100, 80])
    }

    @Test("Between the reference's shares values are interpolated")
    func interpolation() throws {
        let source = BaselineScenes.column([[0, 0, 0], [1, 1, 1], [2, 2, 2], [3, 3, 3]])
        let reference = BaselineScenes.column([[100, 100, 100], [200, 200, 200]])
        // A quarter lies below the first share, one half; three quarters lie halfway from it to the whole.
        #expect(
            try #require(match(source, [reference])).codes.enumerated().filter { $0.offset % 3 == 0 }.map(\.element)
                == [100, 100, 150, 200])
    }

    @Test("Matched to itself, an image stays as it is")
    func itself() throws {
        let image = BaselineScenes.smear()
        #expect(try #require(match(image, [image])).greatestDifference(to: image) < 1e-4)
    }

    @Test("Two references are one histogram, in which each pixel counts the same")
    func pooled() throws {
        let (first, second) = (BaselineScenes.smear(.labA, seed: 5), BaselineScenes.smear(.labA, seed: 6, width: 96))
        let both = RGBImage(
            width: 1, height: first.pixelCount + second.pixelCount, samples: first.samples + second.samples)
        let source = BaselineScenes.smear()
        #expect(match(source, [first, second]) == match(source, [both]))
    }

    @Test("An image of one pixel or of one color takes a color of the reference")
    func flat() throws {
        let reference = BaselineScenes.column([[10, 20, 30], [40, 50, 60]])
        #expect(match(BaselineScenes.column([[0, 0, 0]]), [reference])?.codes == [40, 50, 60])
    }

    @Test("The number of threads does not matter", arguments: [2, 5])
    func threads(count: Int) {
        let (image, reference) = (BaselineScenes.smear(), BaselineScenes.smear(.labA))
        #expect(match(image, [reference], threads: count) == match(image, [reference]))
    }
}
