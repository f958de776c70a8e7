import Foundation

/// One sRGB-encoded color, components 0…1.
public struct PixelColor: Sendable, Equatable {
    public var red: Float
    public var green: Float
    public var blue: Float

    public init(red: Float, green: Float, blue: Float) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// A gray, 0 black to 1 white.
    public init(gray: Float) { self.init(red: gray, green: gray, blue: gray) }

    /// A color by lightness 0…1, chroma (0 to about 0.3) and hue in degrees in Oklab's polar form (Ottosson 2020),
    /// clipped to sRGB. Equal steps of lightness look equal, which is what a color map needs.
    public init(lightness: Float, chroma: Float, hue: Float) {
        let angle = hue * .pi / 180
        self.init(lightness: lightness, a: chroma * cos(angle), b: chroma * sin(angle))
    }

    /// A color in Oklab, clipped to sRGB.
    public init(lightness: Float, a: Float, b: Float) {
        let l = lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b
        let m = lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b
        let s = lightness - 0.089_484_177_5 * a - 1.291_485_548 * b
        let (long, medium, short) = (l * l * l, m * m * m, s * s * s)
        self.init(
            red: Self.encoded(4.076_741_662_1 * long - 3.307_711_591_3 * medium + 0.230_969_929_2 * short),
            green: Self.encoded(-1.268_438_004_6 * long + 2.609_757_401_1 * medium - 0.341_319_396_5 * short),
            blue: Self.encoded(-0.004_196_086_3 * long - 0.703_418_614_7 * medium + 1.707_614_701 * short))
    }

    /// Rec. 709 luminance of the encoded components, for the choice of black or white text upon it.
    public var luma: Float { 0.2126 * red + 0.7152 * green + 0.0722 * blue }

    private static func encoded(_ linear: Float) -> Float {
        let value = min(1, max(0, linear))
        return value <= 0.003_130_8 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    }
}
