import NCTEngine

/// An image to draw upon: rectangles, other images, text. What falls outside is cut off.
public struct Canvas: Sendable {
    public private(set) var image: RGBImage

    /// A canvas of one color.
    ///
    /// - Precondition: both sides are at least one pixel.
    public init(width: Int, height: Int, background: PixelColor = PixelColor(gray: 1)) {
        precondition(width > 0 && height > 0, "a canvas has at least one pixel")
        image = RGBImage(
            width: width, height: height, filledWith: (background.red, background.green, background.blue))
    }

    public var width: Int { image.width }
    public var height: Int { image.height }

    /// Fills a rectangle.
    public mutating func fill(x: Int, y: Int, width: Int, height: Int, _ color: PixelColor) {
        for row in max(0, y)..<max(0, y, min(self.height, y + height)) {
            for column in max(0, x)..<max(0, x, min(self.width, x + width)) { set(column, row, color) }
        }
    }

    /// Draws the outline of a rectangle, one pixel wide, inside its bounds.
    public mutating func outline(x: Int, y: Int, width: Int, height: Int, _ color: PixelColor) {
        fill(x: x, y: y, width: width, height: 1, color)
        fill(x: x, y: y + height - 1, width: width, height: 1, color)
        fill(x: x, y: y, width: 1, height: height, color)
        fill(x: x + width - 1, y: y, width: 1, height: height, color)
    }

    /// Copies an image with its upper left corner at `(x, y)`; samples are clamped to 0…1.
    public mutating func draw(_ picture: RGBImage, x: Int, y: Int) {
        for row in 0..<picture.height where (0..<height).contains(y + row) {
            for column in 0..<picture.width where (0..<width).contains(x + column) {
                let from = 3 * (row * picture.width + column)
                let to = 3 * ((y + row) * width + x + column)
                for channel in 0..<3 { image.samples[to + channel] = min(1, max(0, picture.samples[from + channel])) }
            }
        }
    }

    /// Writes a label with the upper left corner of its first cell at `(x, y)`.
    public mutating func draw(_ label: Label, x: Int, y: Int, color: PixelColor) {
        for (index, character) in label.text.enumerated() {
            let glyph = BitmapFont.standard.coverage(of: character, scale: label.scale)
            let left = x + index * label.cellWidth
            let top = y + Int(label.scale.rounded(.down))
            for (offset, ink) in glyph.ink.enumerated() where ink > 0 {
                let column = left + offset % glyph.width
                let row = top + offset / glyph.width
                if (0..<width).contains(column), (0..<height).contains(row) { blend(column, row, color, ink) }
            }
        }
    }

    private mutating func blend(_ x: Int, _ y: Int, _ color: PixelColor, _ share: Float) {
        let index = 3 * (y * width + x)
        image.samples[index] += share * (color.red - image.samples[index])
        image.samples[index + 1] += share * (color.green - image.samples[index + 1])
        image.samples[index + 2] += share * (color.blue - image.samples[index + 2])
    }

    private mutating func set(_ x: Int, _ y: Int, _ color: PixelColor) {
        let index = 3 * (y * width + x)
        image.samples[index] = color.red
        image.samples[index + 1] = color.green
        image.samples[index + 2] = color.blue
    }
}
