/// Brings an image to the grid of a level: each pixel the mean of the `scale × scale` pixels that it covers; a
/// remainder at the right and the lower edge is dropped, as the network's pooling drops it.
package enum Reduction {
    package static func box(_ image: RGBImage, by scale: Int, workers: Workers) -> RGBImage {
        guard scale > 1 else { return image }
        let samples = box(image.samples, width: image.width, height: image.height, by: scale, workers: workers)
        return RGBImage(width: image.width / scale, height: image.height / scale, samples: samples)
    }

    /// The same in CIELAB.
    package static func box(_ image: LabImage, by scale: Int, workers: Workers) -> LabImage {
        guard scale > 1 else { return image }
        let samples = box(image.samples, width: image.width, height: image.height, by: scale, workers: workers)
        return LabImage(width: image.width / scale, height: image.height / scale, samples: samples)
    }

    /// Three samples per pixel.
    private static func box(
        _ samples: [Float], width fullWidth: Int, height fullHeight: Int, by scale: Int, workers: Workers
    ) -> [Float] {
        let (width, height) = (fullWidth / scale, fullHeight / scale)
        return [Float](unsafeUninitializedCapacity: width * height * 3) { output, initialized in
            initialized = width * height * 3
            guard initialized > 0 else { return }
            samples.withUnsafeBufferPointer { input in
                let (from, to) = (SharedConstPointer(input), SharedPointer(output))
                let factor = 1 / Float(scale * scale)
                workers.forEach(height, grain: 16) { range in
                    for y in range {
                        for x in 0..<width {
                            var sum: (Float, Float, Float) = (0, 0, 0)
                            for dy in 0..<scale {
                                let row = from.base + ((y * scale + dy) * fullWidth + x * scale) * 3
                                for dx in 0..<scale {
                                    sum.0 += row[3 * dx]
                                    sum.1 += row[3 * dx + 1]
                                    sum.2 += row[3 * dx + 2]
                                }
                            }
                            let pixel = to.base + (y * width + x) * 3
                            pixel[0] = sum.0 * factor
                            pixel[1] = sum.1 * factor
                            pixel[2] = sum.2 * factor
                        }
                    }
                }
            }
        }
    }

    /// The same for a plane.
    package static func box(_ plane: Plane, by scale: Int) -> Plane {
        guard scale > 1 else { return plane }
        var result = Plane(width: plane.width / scale, height: plane.height / scale)
        let factor = 1 / Float(scale * scale)
        for y in 0..<result.height {
            for x in 0..<result.width {
                var sum: Float = 0
                for dy in 0..<scale {
                    for dx in 0..<scale { sum += plane.values[(y * scale + dy) * plane.width + x * scale + dx] }
                }
                result.values[y * result.width + x] = sum * factor
            }
        }
        return result
    }
}
