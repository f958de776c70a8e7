/// Pixels spread evenly over an image, for fits that need not see all.
enum PixelSample {
    /// At most about `limit` indices in ascending order; all where there are no more.
    static func indices(width: Int, pixelCount: Int, limit: Int) -> [Int] {
        var step = max(1, pixelCount / limit)
        // No step that would see the same columns in every row.
        while step > 1, width.isMultiple(of: step) || step.isMultiple(of: 2) && width.isMultiple(of: 2) { step += 1 }
        return Array(stride(from: 0, to: pixelCount, by: step))
    }
}

extension RGBImage {
    /// Some pixels, counted row by row, in a row.
    func picked(_ pixels: [Int]) -> RGBImage {
        RGBImage(width: pixels.count, height: 1, samples: pixels.flatMap { samples[3 * $0..<3 * $0 + 3] })
    }
}
