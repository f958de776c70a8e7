import NCTEngine

/// Lays a picture with transparency over its own background, for results have none and a hidden pixel shows nothing.
enum AlphaFlattening {
    /// - Parameters:
    ///   - alpha: `height × width`, 0…1, not premultiplied.
    ///   - warnings: takes that the alpha cannot be meant.
    static func apply(_ image: RGBImage, alpha: [Float], warnings: inout [String]) -> RGBImage {
        guard let least = alpha.min(), least < 1 else { return image }
        guard let most = alpha.max(), most > 0 else {
            warnings.append("the alpha channel hides every pixel and was ignored")
            return image
        }
        let background = ValidArea.background(of: image, without: alpha.map { $0 < most / 2 })
        var flat = image
        for (pixel, share) in alpha.enumerated() where share < 1 {
            for channel in 0..<3 {
                let sample = 3 * pixel + channel
                flat.samples[sample] = share * image.samples[sample] + (1 - share) * background[channel]
            }
        }
        warnings.append("what is transparent was laid over the picture's own background")
        return flat
    }
}
