import NCTEngine

/// Turns numbers into colors.
public struct ColorMap: Sendable {
    private let table: [PixelColor]

    private init(_ color: (Float) -> PixelColor) {
        table = (0..<256).map { color(Float($0) / 255) }
    }

    /// Dark violet over teal to pale yellow; lightness rises evenly, so it also reads in gray.
    public static let sequential = ColorMap { t in
        PixelColor(lightness: 0.24 + 0.70 * t, chroma: 0.10 + 0.05 * t, hue: 300 - 195 * t)
    }

    /// Blue below, near white in the middle, red above.
    public static let diverging = ColorMap { t in
        let side = 2 * t - 1
        let strength = abs(side)
        return PixelColor(lightness: 0.96 - 0.48 * strength, chroma: 0.17 * strength, hue: side < 0 ? 258 : 27)
    }

    /// The color of a value; 0 and 1 are the ends, what lies outside is clamped, what is no number is the lower end.
    public subscript(_ value: Float) -> PixelColor {
        let clamped = value.isNaN ? 0 : min(1, max(0, value))
        return table[Int((clamped * 255).rounded())]
    }

    /// A picture of a plane between two values.
    public func image(of plane: Plane, from low: Float, to high: Float) -> RGBImage {
        image(width: plane.width, height: plane.height, values: plane.values, from: low, to: high)
    }

    /// A picture of `width * height` values between two values.
    public func image(width: Int, height: Int, values: [Float], from low: Float, to high: Float) -> RGBImage {
        precondition(values.count == width * height, "a picture needs width × height values")
        let span = high > low ? high - low : 1
        var samples: [Float] = []
        samples.reserveCapacity(values.count * 3)
        for value in values {
            let color = self[(value - low) / span]
            samples.append(color.red)
            samples.append(color.green)
            samples.append(color.blue)
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    /// A color for a kind (a cluster, a reference): neighbors in number are far apart in hue and in lightness.
    public static func category(_ index: Int) -> PixelColor {
        let hue = Float((20 + index * 137) % 360)
        let lightness: Float = [0.66, 0.84, 0.52, 0.75, 0.59][index % 5]
        return PixelColor(lightness: lightness, chroma: 0.14, hue: hue)
    }

    /// A picture of labels, each in its ``category(_:)``.
    public static func image<Label>(of labels: LabelMap<Label>) -> RGBImage {
        image(of: labels, in: (0..<256).map { category($0) })
    }

    /// A picture of classes in colors that remind of the stain.
    public static func image(ofClasses labels: LabelMap<SmearClass>) -> RGBImage {
        image(
            of: labels,
            in: (UInt8.min...UInt8.max).map { SmearClass(rawValue: $0).map(color(of:)) ?? category(Int($0)) })
    }

    /// An image under its classes' colors, half and half; the background stays as it is.
    ///
    /// - Precondition: both have one size, and every label is a class.
    public static func overlay(ofClasses labels: LabelMap<SmearClass>, on image: RGBImage) -> RGBImage {
        precondition(labels.width == image.width && labels.height == image.height, "every pixel has its class")
        let colors = SmearClass.allCases.map(color(of:))
        var result = image
        for (pixel, label) in labels.bytes.enumerated() where label != SmearClass.background.rawValue {
            let color = colors[Int(label)]
            result.samples[3 * pixel] = (result.samples[3 * pixel] + color.red) / 2
            result.samples[3 * pixel + 1] = (result.samples[3 * pixel + 1] + color.green) / 2
            result.samples[3 * pixel + 2] = (result.samples[3 * pixel + 2] + color.blue) / 2
        }
        return result
    }

    /// A color for a class: neighbors differ in lightness too.
    public static func color(of kind: SmearClass) -> PixelColor {
        switch kind {
        case .background: PixelColor(lightness: 0.95, chroma: 0.02, hue: 90)
        case .redCell: PixelColor(lightness: 0.68, chroma: 0.14, hue: 25)
        case .cytoplasm: PixelColor(lightness: 0.80, chroma: 0.08, hue: 265)
        case .nucleus: PixelColor(lightness: 0.36, chroma: 0.16, hue: 295)
        case .platelet: PixelColor(lightness: 0.74, chroma: 0.16, hue: 65)
        }
    }

    private static func image<Label>(of labels: LabelMap<Label>, in colors: [PixelColor]) -> RGBImage {
        RGBImage(
            width: labels.width, height: labels.height,
            samples: labels.bytes.flatMap { label in
                let color = colors[Int(label)]
                return [color.red, color.green, color.blue]
            })
    }
}
