import NCTEngine
import Testing

@Suite struct ColorBalanceTests {
    private func balance(_ image: RGBImage, low: Float = 1, high: Float = 1, threads: Int = 1) -> RGBImage? {
        var parameters = BaselineParameters()
        (parameters.saturatedLowPercent, parameters.saturatedHighPercent) = (low, high)
        return ColorBalance(parameters).recolor(image, nil, workers: Workers(threads: threads)).image
    }

    @Test("Without saturation a channel's least value becomes 0 and its greatest 1, the others in proportion")
    func stretch() throws {
        let image = BaselineScenes.column([[50, 0, 100], [75, 100, 100], [110, 255, 102], [150, 200, 101]])
        let result = try #require(balance(image, low: 0, high: 0))
        #expect(result.codes == [0, 0, 0, 64, 100, 0, 153, 255, 255, 255, 200, 128])
    }

    @Test("Of a hundred values, one percent is saturated at both ends: the second and the last but one are the limits")
    func saturation() throws {
        let image = BaselineScenes.column((0..<100).map { SIMD3(repeating: 100 + $0) })
        let result = try #require(balance(image))
        // Sorted places 1 and 98, as the paper's pseudo-code has it: 101 to 198.
        #expect(result.codes[0] == 0 && result.codes[3] == 0 && result.codes[6] > 0)
        #expect(result.codes[3 * 98] == 255 && result.codes[3 * 99] == 255 && result.codes[3 * 97] < 255)
        #expect(result.codes[3 * 50] == Int((255.0 * 49 / 97).rounded()))
    }

    @Test("A channel of one value stays as it is, also in an image of one pixel")
    func flat() throws {
        let one = BaselineScenes.column([[10, 128, 250]])
        #expect(balance(one) == one)
        let mixed = BaselineScenes.column([[10, 128, 0], [10, 128, 200]])
        #expect(balance(mixed, low: 0, high: 0)?.codes == [10, 128, 0, 10, 128, 255])
    }

    @Test("16-bit samples are told apart")
    func deep() throws {
        let image = RGBImage(
            width: 3, height: 1,
            samples: [1000, 1001, 1002].flatMap { [Float]($0 == 0 ? [] : [$0, $0, $0]) }.map { $0 / 65535 })
        let result = try #require(balance(image, low: 0, high: 0))
        #expect(abs(result.samples[3] - 0.5) < 1e-3)
    }

    @Test("The number of threads does not matter", arguments: [2, 5])
    func threads(count: Int) {
        let image = BaselineScenes.smear()
        #expect(balance(image, threads: count) == balance(image))
    }
}
