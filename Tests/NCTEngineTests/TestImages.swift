import NCTEngine

/// Small seeded inputs.
enum TestImages {
    /// Smooth structure plus a little noise, so that every patch is its own.
    static func random(width: Int, height: Int, seed: UInt64) -> RGBImage {
        var generator = SeededGenerator(seed: seed)
        var samples = [Float](repeating: 0, count: width * height * 3)
        let blobs = (0..<12).map { _ in
            (
                x: Float.random(in: 0..<Float(width), using: &generator),
                y: Float.random(in: 0..<Float(height), using: &generator),
                r: Float.random(in: 3...12, using: &generator),
                color: (0..<3).map { _ in Float.random(in: 0.1...0.9, using: &generator) }
            )
        }
        for y in 0..<height {
            for x in 0..<width {
                var color: [Float] = [0.9, 0.85, 0.8]
                for blob in blobs {
                    let (dx, dy) = (Float(x) - blob.x, Float(y) - blob.y)
                    if dx * dx + dy * dy < blob.r * blob.r { color = blob.color }
                }
                for channel in 0..<3 {
                    samples[(y * width + x) * 3 + channel] =
                        color[channel] + Float.random(in: -0.03...0.03, using: &generator)
                }
            }
        }
        return RGBImage(width: width, height: height, samples: samples)
    }

    static func features(width: Int, height: Int, channels: Int, seed: UInt64) -> FeatureMap {
        var generator = SeededGenerator(seed: seed)
        return FeatureMap(
            width: width, height: height, channels: channels,
            values: (0..<width * height * channels).map { _ in Float.random(in: -2...2, using: &generator) })
    }
}
