import NCTEngine
import Pictures
import Testing

@Suite struct ContactSheetTests {
    private let red = RGBImage(width: 30, height: 20, filledWith: (1, 0, 0))

    private func redPixels(_ image: RGBImage) -> Int {
        (0..<image.pixelCount).filter { image.samples[3 * $0] > 0.9 && image.samples[3 * $0 + 1] < 0.1 }.count
    }

    @Test("Every picture appears at the size of its cell")
    func pictures() {
        let cells = (0..<5).map { ContactSheet.Cell(red, caption: ["picture \($0)", "second line"]) }
        let sheet = ContactSheet(title: "Five", cells: cells, columns: 3, cellWidth: 60).render()
        #expect(redPixels(sheet) == 5 * 60 * 40)
    }

    @Test("A sheet without pictures is still a sheet")
    func empty() {
        let sheet = ContactSheet(title: "Nothing", cells: [], columns: 3).render()
        #expect(sheet.width > 0 && sheet.height > 0)
    }

    @Test("Pictures of different proportions keep theirs")
    func proportions() {
        let tall = RGBImage(width: 10, height: 40, filledWith: (1, 0, 0))
        let sheet = ContactSheet(cells: [.init(tall), .init(red)], columns: 2, cellWidth: 60, cellHeight: 60).render()
        #expect(redPixels(sheet) == 15 * 60 + 60 * 40)
    }

    @Test("Shrinking keeps the mean color, and enlarging keeps the colors")
    func resampling() {
        var generator = SeededGenerator(seed: 7)
        let samples = (0..<50 * 34 * 3).map { _ in Float.random(in: 0...1, using: &generator) }
        let image = RGBImage(width: 50, height: 34, samples: samples)
        let small = Resampling.resized(image, width: 13, height: 7)
        let mean = { (values: [Float]) in values.reduce(0, +) / Float(values.count) }
        #expect(abs(mean(small.samples) - mean(samples)) < 1e-3)
        let large = Resampling.resized(image, width: 100, height: 68)
        #expect(Set(large.samples) == Set(samples))
    }

    @Test("A map's scale names its ends and its middle")
    func scale() {
        #expect(ColorScale.text(1) == "1")
        #expect(ColorScale.text(-0.5) == "-0.5")
        #expect(ColorScale.text(12.345) == "12.35" || ColorScale.text(12.345) == "12.34")
        #expect(ColorScale.text(0.04) == "0.04")
        let map = ColorScale.diverging(
            width: 40, height: 10, values: [Float](repeating: 1, count: 400), center: 1, least: 0.25)
        #expect(map.width >= 240 && map.height > 10 * map.width / 40)
    }
}
