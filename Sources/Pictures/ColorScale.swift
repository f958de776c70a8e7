import NCTEngine

/// A map with its scale under it: a bar in the map's colors with the values at its ends and in the middle.
public enum ColorScale {
    /// The picture of `values` in a diverging map, symmetric about `center`, with its scale.
    ///
    /// The range reaches to the 98th percentile of the distances from the center, so that single outliers do not wash
    /// out the rest, and is at least `least`.
    public static func diverging(
        width: Int, height: Int, values: [Float], center: Float, least: Float, shownWidth: Int? = nil
    ) -> RGBImage {
        let distances = values.map { abs($0 - center) }.filter(\.isFinite).sorted()
        let reach = max(least, distances.isEmpty ? 0 : distances[(distances.count - 1) * 98 / 100])
        let map = ColorMap.diverging.image(
            width: width, height: height, values: values, from: center - reach, to: center + reach)
        return withBar(
            map, colors: .diverging, marks: [center - reach, center, center + reach], shownWidth: shownWidth)
    }

    /// The picture of a plane of 0…1 with its scale.
    public static func unit(_ plane: Plane, shownWidth: Int? = nil) -> RGBImage {
        withBar(
            ColorMap.sequential.image(of: plane, from: 0, to: 1), colors: .sequential, marks: [0, 0.5, 1],
            shownWidth: shownWidth)
    }

    /// A picture with a bar of the map's colors under it, marks spread evenly from its left end to its right.
    ///
    /// - Parameter shownWidth: the width the picture is brought to; nil keeps its own, or the least multiple of it that
    ///   is 240 or more, so that the figures have room.
    static func withBar(_ picture: RGBImage, colors: ColorMap, marks: [Float], shownWidth: Int?) -> RGBImage {
        let width = shownWidth ?? picture.width * max(1, (240 + picture.width - 1) / picture.width)
        let height = max(1, Int((Double(picture.height) * Double(width) / Double(picture.width)).rounded()))
        let large = Resampling.resized(picture, width: width, height: height)
        let scale = large.width >= 400 ? 2 : 1.5
        let barHeight = Int(8 * scale)
        let labelHeight = Label("0", scale: scale).height
        var canvas = Canvas(width: large.width, height: large.height + 6 + barHeight + labelHeight)
        canvas.draw(large, x: 0, y: 0)
        let top = large.height + 4
        for x in 0..<large.width {
            canvas.fill(
                x: x, y: top, width: 1, height: barHeight, colors[Float(x) / Float(max(1, large.width - 1))])
        }
        for (index, mark) in marks.enumerated() {
            let label = Label(text(mark), scale: scale)
            let center = marks.count > 1 ? index * (large.width - 1) / (marks.count - 1) : large.width / 2
            let x = min(large.width - label.width, max(0, center - label.width / 2))
            canvas.draw(label, x: x, y: top + barHeight, color: PixelColor(gray: 0.2))
        }
        return canvas.image
    }

    /// A number with at most two decimals.
    package static func text(_ value: Float) -> String {
        let hundredths = Int((value * 100).rounded())
        let sign = hundredths < 0 ? "-" : ""
        let (whole, part) = abs(hundredths).quotientAndRemainder(dividingBy: 100)
        if part == 0 { return "\(sign)\(whole)" }
        return part % 10 == 0 ? "\(sign)\(whole).\(part / 10)" : "\(sign)\(whole).\(part < 10 ? "0" : "")\(part)"
    }
}
