import NCTEngine
import Pictures
import Testing

@Suite struct CanvasTests {
    private let black = PixelColor(gray: 0)

    private func darkPixels(_ image: RGBImage) -> Int {
        (0..<image.pixelCount).filter { image.samples[3 * $0] < 0.5 }.count
    }

    @Test("A rectangle fills exactly its pixels, and what hangs over the edge is cut off")
    func rectangles() {
        var canvas = Canvas(width: 10, height: 8)
        canvas.fill(x: 2, y: 3, width: 4, height: 2, black)
        #expect(darkPixels(canvas.image) == 8)
        canvas.fill(x: 8, y: 6, width: 50, height: 50, black)
        #expect(darkPixels(canvas.image) == 12)
        canvas.fill(x: -5, y: -5, width: 6, height: 6, black)
        #expect(darkPixels(canvas.image) == 13)
        canvas.fill(x: 40, y: 40, width: 3, height: 3, black)
        canvas.fill(x: -40, y: -40, width: 3, height: 3, black)
        #expect(darkPixels(canvas.image) == 13)
    }

    @Test("A picture drawn partly outside shows its inner part, clamped to 0…1")
    func pictures() {
        var canvas = Canvas(width: 4, height: 4, background: black)
        canvas.draw(RGBImage(width: 3, height: 3, filledWith: (2, 2, 2)), x: 2, y: 2)
        #expect(canvas.image.samples.max() == 1)
        #expect(darkPixels(canvas.image) == 12)
        canvas.draw(RGBImage(width: 3, height: 3, filledWith: (1, 1, 1)), x: -2, y: -2)
        #expect(darkPixels(canvas.image) == 11)
    }

    @Test("Text stays inside the size that its label announces", arguments: [1, 1.5, 2, 3])
    func text(scale: Double) {
        let label = Label("Wgjq|_@#", scale: scale)
        var canvas = Canvas(width: label.width, height: label.height)
        canvas.draw(label, x: 0, y: 0, color: black)
        var larger = Canvas(width: label.width + 40, height: label.height + 40)
        larger.draw(label, x: 20, y: 20, color: black)
        #expect(darkPixels(canvas.image) > 0)
        #expect(darkPixels(canvas.image) == darkPixels(larger.image))
    }

    @Test("A long label is cut in the middle and keeps its beginning and end")
    func fitting() {
        let label = Label("a-very-long-file-name-0042.png")
        let cut = label.fitted(to: 15 * BitmapFont.cellWidth)
        #expect(cut.text == "a-very-l…42.png" || cut.text.count == 15)
        #expect(cut.text.hasPrefix("a-very") && cut.text.hasSuffix("42.png") && cut.text.contains("…"))
        #expect(label.fitted(to: 1000) == label)
        #expect(label.fitted(to: 0).text == "…")
    }
}
