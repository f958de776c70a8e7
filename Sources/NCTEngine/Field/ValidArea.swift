/// Which part of an image shows the field. The rest is no data: a border, a bar, the corners of a turned image, a hole
/// in a mosaic, flat black or white or one color of a frame (``FlatAreas``).
///
/// What is no data must count for nothing: the engine works on ``field(of:)``, takes what it takes over an image over the
/// pixels of its mask alone, and ``restored(_:in:)`` puts what it made between the pixels that stay as they were.
package struct ValidArea: Sendable {
    /// The smallest rectangle that holds all data.
    package let bounds: PixelArea
    /// What of the whole image is no data.
    package let missing: PixelMask
    /// Share of the image's pixels that are no data, above 0 and below 1.
    package let missingShare: Float
    /// What takes the place of missing pixels within the bounds: the usual color of the field's background.
    private let filling: SIMD3<Float>

    /// Bins of the histogram of luminance.
    private static let bins = 128

    /// Nil where all of the image is data, or too little to be a field.
    package init?(of image: RGBImage, workers: Workers) {
        guard let areas = FlatAreas(of: image, workers: workers) else { return nil }
        bounds = areas.bounds
        missing = PixelMask(width: image.width, height: image.height, isSet: areas.missing)
        missingShare = Float(missing.count) / Float(image.pixelCount)
        filling = Self.background(of: image, without: areas.missing)
    }

    /// The image within the bounds, with the background's color where there is no data, and where that is.
    package func field(of image: RGBImage) -> FieldImage {
        FieldImage(
            filled(image),
            mask: DataMask(
                width: bounds.width, height: bounds.height,
                isData: (0..<bounds.pixelCount).map { pixel in
                    !missing[bounds.x + pixel % bounds.width, bounds.y + pixel / bounds.width]
                }))
    }

    private func filled(_ image: RGBImage) -> RGBImage {
        var field = image.cropped(to: bounds)
        for y in 0..<bounds.height {
            let row = (bounds.y + y) * missing.width + bounds.x
            for x in 0..<bounds.width where missing.isSet[row + x] {
                let sample = 3 * (y * bounds.width + x)
                (field.samples[sample], field.samples[sample + 1], field.samples[sample + 2]) =
                    (filling.x, filling.y, filling.z)
            }
        }
        return field
    }

    /// The image with black wherever it is no data.
    package func darkened(_ image: RGBImage) -> RGBImage {
        var image = image
        for (pixel, isMissing) in missing.isSet.enumerated() where isMissing {
            for sample in 3 * pixel..<3 * pixel + 3 { image.samples[sample] = 0 }
        }
        return image
    }

    /// What was made of the field, within the source as it was.
    ///
    /// - Precondition: the result has the size of the bounds, the source that of the image that was looked at.
    package func restored(_ result: RGBImage, in source: RGBImage) -> RGBImage {
        precondition(result.width == bounds.width && result.height == bounds.height, "a result has its field's size")
        var image = source
        for y in 0..<bounds.height {
            let row = (bounds.y + y) * missing.width + bounds.x
            for x in 0..<bounds.width where !missing.isSet[row + x] {
                let (from, to) = (3 * (y * bounds.width + x), 3 * (row + x))
                for channel in 0..<3 { image.samples[to + channel] = result.samples[from + channel] }
            }
        }
        return image
    }

    /// Labels of the field within a map of the whole image that says `label` where there is no data.
    ///
    /// - Precondition: the labels have the size of the bounds.
    package func restored<Label: RawRepresentable<UInt8>>(
        _ labels: LabelMap<Label>, missingAs label: Label
    ) -> LabelMap<Label> {
        precondition(labels.width == bounds.width && labels.height == bounds.height, "labels have their field's size")
        var map = LabelMap<Label>(width: missing.width, height: missing.height, repeating: label)
        for y in 0..<bounds.height {
            for x in 0..<bounds.width where !missing[bounds.x + x, bounds.y + y] {
                map[bounds.x + x, bounds.y + y] = labels[x, y]
            }
        }
        return map
    }

    /// The usual color of the background, over the pixels that are not missing: the median color of those whose
    /// luminance is the most frequent of the brighter half.
    package static func background(of image: RGBImage, without missing: [Bool]) -> SIMD3<Float> {
        func bin(_ pixel: Int) -> Int {
            let sum = image.samples[3 * pixel] + 2 * image.samples[3 * pixel + 1] + image.samples[3 * pixel + 2]
            return min(bins - 1, max(0, Int(sum / 4 * Float(bins))))
        }
        var histogram = [Int](repeating: 0, count: bins)
        for pixel in 0..<image.pixelCount where !missing[pixel] { histogram[bin(pixel)] += 1 }
        let mode = histogram.upperMode
        let step = max(1, histogram.smoothed(mode) / 4096)
        var (channels, seen) = ([[Float]](repeating: [], count: 3), 0)
        for pixel in 0..<image.pixelCount where !missing[pixel] && abs(bin(pixel) - mode) <= 1 {
            seen += 1
            guard seen % step == 0 else { continue }
            for channel in 0..<3 { channels[channel].append(image.samples[3 * pixel + channel]) }
        }
        let medians = channels.map { $0.isEmpty ? 0 : $0.sorted()[$0.count / 2] }
        return SIMD3(medians[0], medians[1], medians[2])
    }
}

extension RGBImage {
    /// The image with black wherever it is no data (``ValidArea``): for what looks for light, to which darkness tells
    /// nothing.
    package func darkenedWhereMissing(workers: Workers) -> RGBImage {
        ValidArea(of: self, workers: workers)?.darkened(self) ?? self
    }
}
