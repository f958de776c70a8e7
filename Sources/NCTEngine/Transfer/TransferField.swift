/// A gain and an offset per pixel and channel of CIELAB: what step 6 of the method computes.
///
/// `height × width × 8` floats, one 32-byte register a pixel: gains of L*, a*, b*, a zero, offsets of L*, a*, b*, a
/// zero. Gains have no unit; offsets are in units of Lab / 100.
package struct TransferField: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package var values: [Float]

    /// - Precondition: `values.count == width * height * 8`.
    package init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == width * height * 8, "a transfer field needs width × height × 8 values")
        self.width = width
        self.height = height
        self.values = values
    }

    /// The same gains and offsets (Lab / 100) everywhere; one and zero change nothing.
    package init(
        width: Int, height: Int, gain: (Float, Float, Float) = (1, 1, 1), offset: (Float, Float, Float) = (0, 0, 0)
    ) {
        var values = [Float](repeating: 0, count: width * height * 8)
        let pixel = [gain.0, gain.1, gain.2, 0, offset.0, offset.1, offset.2, 0]
        for index in values.indices { values[index] = pixel[index & 7] }
        self.init(width: width, height: height, values: values)
    }

    package var pixelCount: Int { width * height }

    /// gain · S + offset in CIELAB (not yet clipped to any gamut).
    ///
    /// - Precondition: the image has the field's size.
    package func apply(to image: LabImage, workers: Workers = Workers(threads: 1)) -> LabImage {
        precondition(image.width == width && image.height == height, "a field applies to an image of its own size")
        var result = image
        TransferKernels.apply(values, to: &result.samples, pixels: pixelCount, workers: workers)
        return result
    }

    /// `height × width × 6`: gains of L*, a*, b*, then offsets in Lab units, for pictures of what happened inside.
    package func featureMap() -> FeatureMap {
        var map = [Float](repeating: 0, count: pixelCount * 6)
        for pixel in 0..<pixelCount {
            for channel in 0..<3 {
                map[6 * pixel + channel] = values[8 * pixel + channel]
                map[6 * pixel + 3 + channel] = 100 * values[8 * pixel + 4 + channel]
            }
        }
        return FeatureMap(width: width, height: height, channels: 6, values: map)
    }
}
