import NCTEngine

/// Pictures at another size, for display.
public enum Resampling {
    /// The largest size with the same proportions inside a box; at least one pixel per side.
    public static func fittedSize(
        width: Int, height: Int, insideWidth: Int, insideHeight: Int
    ) -> (width: Int, height: Int) {
        let byWidth = Double(insideWidth) / Double(width)
        let byHeight = Double(insideHeight) / Double(height)
        let factor = min(byWidth, byHeight)
        return (
            max(1, min(insideWidth, Int((Double(width) * factor).rounded()))),
            max(1, min(insideHeight, Int((Double(height) * factor).rounded())))
        )
    }

    /// The picture at another size: smaller by averaging areas, larger by nearest neighbor (so that pixels of a small
    /// map stay pixels). Cost: linear in the pixels of both.
    public static func resized(_ image: RGBImage, width: Int, height: Int) -> RGBImage {
        precondition(width > 0 && height > 0, "a picture has at least one pixel")
        guard width != image.width || height != image.height else { return image }
        let horizontal = weights(from: image.width, to: width)
        let vertical = weights(from: image.height, to: height)
        var rows = [Float](repeating: 0, count: image.height * width * 3)
        image.samples.withUnsafeBufferPointer { source in
            for y in 0..<image.height {
                for x in 0..<width {
                    for (column, weight) in horizontal[x] {
                        let from = 3 * (y * image.width + column)
                        let to = 3 * (y * width + x)
                        rows[to] += weight * source[from]
                        rows[to + 1] += weight * source[from + 1]
                        rows[to + 2] += weight * source[from + 2]
                    }
                }
            }
        }
        var samples = [Float](repeating: 0, count: width * height * 3)
        for y in 0..<height {
            for (row, weight) in vertical[y] {
                for index in 0..<3 * width { samples[3 * width * y + index] += weight * rows[3 * width * row + index] }
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    /// For each target pixel, the source pixels under it and the share of each.
    private static func weights(from source: Int, to target: Int) -> [[(Int, Float)]] {
        let step = Double(source) / Double(target)
        return (0..<target).map { index in
            guard step > 1 else { return [(min(source - 1, Int((Double(index) + 0.5) * step)), 1)] }
            let begin = Double(index) * step
            let end = min(Double(source), begin + step)
            return (Int(begin)..<min(source, Int(end.rounded(.up)))).map { pixel in
                let share = min(end, Double(pixel + 1)) - max(begin, Double(pixel))
                return (pixel, Float(share / (end - begin)))
            }
        }
    }
}
