/// The median color and the share of each ``SmearClass`` in an image.
package struct ClassColors: Sendable, Equatable, Codable {
    /// Median CIELAB by class, channel by channel, so that what is taken for the class by mistake does not count; nil
    /// where there are too few pixels of it.
    package let medians: [SIMD3<Float>?]
    /// Share of the pixels by class, 0…1.
    package let shares: [Float]

    package func median(of kind: SmearClass) -> SIMD3<Float>? { medians[Int(kind.rawValue)] }
    package func share(of kind: SmearClass) -> Float { shares[Int(kind.rawValue)] }

    /// Fewer pixels have no color of their own: they are the borders of other things.
    private static let leastPixels = 24

    /// - Precondition: all have one size.
    package init(_ image: LabImage, _ labels: LabelMap<SmearClass>, mask: DataMask? = nil) {
        precondition(labels.pixelCount == image.pixelCount, "every pixel has its class")
        var pixels = [[Int]](repeating: [], count: SmearSegmentation.classCount)
        for (pixel, label) in labels.bytes.enumerated() where mask.isData(pixel) { pixels[Int(label)].append(pixel) }
        medians = pixels.map { pixels in
            guard pixels.count >= Self.leastPixels else { return nil }
            func median(_ channel: Int) -> Float {
                pixels.map { image.samples[3 * $0 + channel] }.selected(rank: pixels.count / 2)
            }
            return SIMD3(median(0), median(1), median(2))
        }
        shares = pixels.map { Float($0.count) / Float(max(1, mask?.count ?? labels.pixelCount)) }
    }
}
