/// How much color a picture has: the root mean squared distance of its a*b* from their mean, ΔE*ab.
///
/// A gray picture has none, also one that a monochrome camera's light has tinted evenly; what color transfer made of it
/// would be invented. The palest of 1,069 fields of six labs, red cells without a white cell, has 3.3.
enum ColorSpread {
    /// Less is no color. By eye, far from both: a gray JPEG file has some hundredths.
    static let least: Float = 0.5

    /// 0 for a picture without data.
    static func value(_ lab: LabImage, mask: DataMask? = nil) -> Float {
        var (sum, squares, count) = (SIMD2<Double>.zero, 0.0, 0.0)
        for pixel in 0..<lab.pixelCount where mask.isData(pixel) {
            let color = SIMD2(Double(lab.samples[3 * pixel + 1]), Double(lab.samples[3 * pixel + 2]))
            sum += color
            squares += (color * color).sum()
            count += 1
        }
        guard count > 0 else { return 0 }
        let mean = sum / count
        return Float(max(0, squares / count - (mean * mean).sum()).squareRoot())
    }
}
