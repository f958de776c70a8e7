import Foundation

/// The CIEDE2000 color difference with k_L = k_C = k_H = 1.
///
/// Source: Sharma, Wu, Dalal, *The CIEDE2000 Color-Difference Formula*, Color Research and Application 30, 2005 (the
/// equation numbers below are theirs).
public enum CIEDE2000 {
    /// A color in CIELAB: L* 0…100, a* and b* about -128…127.
    public typealias Color = (lightness: Double, a: Double, b: Double)

    /// The difference of two colors: 0 for equal ones, about 1 where the eye begins to see it. Symmetric.
    public static func difference(_ first: Color, _ second: Color) -> Double {
        // Eq. 2 to 7: a* is stretched near the neutral axis, then chroma and hue follow.
        let meanChroma = (hypot(first.a, first.b) + hypot(second.a, second.b)) / 2
        let stretch = 1 + 0.5 * (1 - chromaRatio(meanChroma))
        let a1 = first.a * stretch
        let a2 = second.a * stretch
        let chroma1 = hypot(a1, first.b)
        let chroma2 = hypot(a2, second.b)
        let hue1 = hue(a1, first.b)
        let hue2 = hue(a2, second.b)
        let isGray = chroma1 * chroma2 == 0

        // Eq. 8 to 11: the differences, hue along the shorter way round.
        let deltaLightness = second.lightness - first.lightness
        let deltaChroma = chroma2 - chroma1
        var hueStep = isGray ? 0 : hue2 - hue1
        if hueStep > 180 { hueStep -= 360 }
        if hueStep < -180 { hueStep += 360 }
        let deltaHue = 2 * (chroma1 * chroma2).squareRoot() * sin(radians(hueStep / 2))

        // Eq. 12 to 14: the means.
        let lightness = (first.lightness + second.lightness) / 2
        let chroma = (chroma1 + chroma2) / 2
        var meanHue = hue1 + hue2
        if !isGray {
            if abs(hue1 - hue2) > 180 { meanHue += meanHue < 360 ? 360 : -360 }
            meanHue /= 2
        }

        // Eq. 15 to 21: the weights.
        let hueWeight =
            1 - 0.17 * cos(radians(meanHue - 30)) + 0.24 * cos(radians(2 * meanHue))
            + 0.32 * cos(radians(3 * meanHue + 6)) - 0.20 * cos(radians(4 * meanHue - 63))
        let fromMiddle = (lightness - 50) * (lightness - 50)
        let weightLightness = 1 + 0.015 * fromMiddle / (20 + fromMiddle).squareRoot()
        let weightChroma = 1 + 0.045 * chroma
        let weightHue = 1 + 0.015 * chroma * hueWeight
        let blueness = (meanHue - 275) / 25
        let rotation = -2 * chromaRatio(chroma) * sin(radians(60 * exp(-blueness * blueness)))

        // Eq. 22.
        let l = deltaLightness / weightLightness
        let c = deltaChroma / weightChroma
        let h = deltaHue / weightHue
        return max(0, l * l + c * c + h * h + rotation * c * h).squareRoot()
    }

    /// The mean difference of two images pixel by pixel. Cost: linear in the pixels.
    ///
    /// With a mask of `height × width` flags, row-major, only pixels whose flag is true count.
    /// - Returns: 0 if no pixel counts.
    /// - Precondition: the images have one size, and so has the mask.
    public static func mean(_ first: LabImage, _ second: LabImage, mask: [Bool]? = nil) -> Double {
        precondition(mask.map { $0.count == first.pixelCount } ?? true, "a mask needs one flag a pixel")
        var sum = 0.0
        var count = 0
        forEachPixel(first, second, where: { mask?[$0] ?? true }) { _, difference in
            sum += difference
            count += 1
        }
        return count == 0 ? 0 : sum / Double(count)
    }

    /// The mean difference of two images for each label that occurs. Cost: linear in the pixels.
    ///
    /// - Precondition: the images and the map have one size.
    public static func means<Label: RawRepresentable<UInt8> & Hashable>(
        _ first: LabImage, _ second: LabImage, by classes: LabelMap<Label>
    ) -> [Label: Double] {
        precondition(classes.width == first.width && classes.height == first.height, "the label map has another size")
        var sums = [Double](repeating: 0, count: 256)
        var counts = [Int](repeating: 0, count: 256)
        forEachPixel(first, second, where: { _ in true }) { pixel, difference in
            let label = Int(classes.bytes[pixel])
            sums[label] += difference
            counts[label] += 1
        }
        var means: [Label: Double] = [:]
        for number in 0..<256 where counts[number] > 0 {
            means[Label(rawValue: UInt8(number))!] = sums[number] / Double(counts[number])
        }
        return means
    }

    private static func forEachPixel(
        _ first: LabImage, _ second: LabImage, where isWanted: (Int) -> Bool, _ body: (Int, Double) -> Void
    ) {
        precondition(
            first.width == second.width && first.height == second.height, "color differences need images of one size")
        for pixel in 0..<first.pixelCount where isWanted(pixel) {
            body(pixel, difference(first[pixel], second[pixel]))
        }
    }

    /// The difference of two colors as ``LabImage`` holds them.
    package static func difference(_ first: SIMD3<Float>, _ second: SIMD3<Float>) -> Double {
        difference(
            (Double(first.x), Double(first.y), Double(first.z)), (Double(second.x), Double(second.y), Double(second.z)))
    }

    /// √(C⁷ / (C⁷ + 25⁷)): 0 for grays, 1 for the most vivid colors.
    private static func chromaRatio(_ chroma: Double) -> Double {
        let seventh = pow(chroma, 7)
        return (seventh / (seventh + 6_103_515_625)).squareRoot()
    }

    /// The hue angle in degrees, 0..<360; 0 for a gray.
    private static func hue(_ a: Double, _ b: Double) -> Double {
        if a == 0 && b == 0 { return 0 }
        let degrees = atan2(b, a) * 180 / .pi
        return degrees < 0 ? degrees + 360 : degrees
    }

    private static func radians(_ degrees: Double) -> Double { degrees * .pi / 180 }
}
