/// A rectangle of an image, in its pixels.
public struct PixelArea: Sendable, Equatable {
    public var x: Int
    public var y: Int
    public var width: Int
    public var height: Int

    public init(x: Int, y: Int, width: Int, height: Int) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// All of an image.
    public init(of image: RGBImage) {
        self.init(x: 0, y: 0, width: image.width, height: image.height)
    }

    public var pixelCount: Int { width * height }
}

extension RGBImage {
    /// A copy of a part; the image itself, without a copy, if the part is all of it.
    ///
    /// - Precondition: the area lies within the image.
    public func cropped(to area: PixelArea) -> RGBImage {
        if area == PixelArea(of: self) { return self }
        precondition(
            area.x >= 0 && area.y >= 0 && area.x + area.width <= width && area.y + area.height <= height,
            "a part lies within its image")
        var samples: [Float] = []
        samples.reserveCapacity(3 * area.pixelCount)
        for y in area.y..<area.y + area.height {
            let start = 3 * (y * width + area.x)
            samples.append(contentsOf: self.samples[start..<start + 3 * area.width])
        }
        return RGBImage(width: area.width, height: area.height, samples: samples)
    }
}
