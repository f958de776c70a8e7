/// What colors alone tell of a pixel.
package enum RoughClass: UInt8, Sendable, CaseIterable {
    case background = 0
    case cell = 1
    case nucleus = 2
}

/// A segmentation into background, cell and nucleus by optical density alone: no learning, any stain, a few
/// milliseconds.
///
/// Background is what lies near the most frequent luminance of the brighter half; its mean is the light of the empty
/// field. Over that, a pixel is a cell if it absorbs green light, and nucleus if it absorbs red much more than blue
/// (azure does, eosin and hemoglobin do not).
package struct RoughSegmentation: Sendable {
    /// Background where there is no data.
    package let labels: LabelMap<RoughClass>
    /// Pixels of each class that are data, by its number.
    package let counts: [Int]

    /// Optical density of green light that makes a pixel a cell.
    private static let cellDensity: Float = 0.08
    /// Least red-over-blue density of a nucleus, and its share of the field's strongest.
    private static let azureDensity: Float = 0.16
    private static let azureShare: Float = 0.45

    /// Where one class ends and the other begins: of an image, or of a sample of its pixels.
    package struct Criteria: Sendable, Equatable {
        /// Optical densities of the empty field, of red, green and blue.
        let base: SIMD3<Float>
        /// A pixel whose red-over-blue density is greater is nucleus.
        let azure: Float
    }

    /// Pixels that are looked at in one piece.
    private static let grain = 16384

    /// By the image's own criteria.
    package init(_ image: RGBImage, mask: DataMask? = nil, workers: Workers) {
        self.init(
            image, mask: mask, by: Self.criteria(of: mask.data(of: image), workers: workers), workers: workers)
    }

    /// By criteria of an image that this one is a part of; without any, all is background.
    package init(_ image: RGBImage, mask: DataMask? = nil, by criteria: Criteria?, workers: Workers) {
        guard let criteria else {
            labels = LabelMap(width: image.width, height: image.height, repeating: .background)
            counts = [mask?.count ?? image.pixelCount, 0, 0]
            return
        }
        let labels = workers.flatMap(image.pixelCount, grain: Self.grain) { range in
            range.map { pixel in
                (mask.isData(pixel) ? Self.label(image.samples, pixel, criteria) : .background).rawValue
            }
        }
        var counts = [0, 0, 0]
        for label in labels { counts[Int(label)] += 1 }
        if let mask { counts[Int(RoughClass.background.rawValue)] -= labels.count - mask.count }
        self.labels = LabelMap(width: image.width, height: image.height, bytes: labels)
        self.counts = counts
    }

    private static func label(_ samples: [Float], _ pixel: Int, _ criteria: Criteria) -> RoughClass {
        if azure(samples, pixel, criteria.base) > criteria.azure { return .nucleus }
        return SampleLight.density(of: samples[3 * pixel + 1]) - criteria.base.y > cellDensity ? .cell : .background
    }

    /// Nil where no pixel has the luminance of the background.
    package static func criteria(of image: RGBImage, workers: Workers) -> Criteria? {
        let count = image.pixelCount
        let luminance = image.luminance(.rec601, workers: workers).values
        let histogram = self.histogram(of: count, bins: 128, workers: workers) { Int(luminance[$0] * 128) }
        let mode = histogram.upperMode
        var (light, lit) = (SIMD3<Float>.zero, Float(0))
        for pixel in 0..<count where abs(luminance[pixel] * 128 - Float(mode) - 0.5) < 2 {
            light += SIMD3(
                SampleLight.light(of: image.samples[3 * pixel]), SampleLight.light(of: image.samples[3 * pixel + 1]),
                SampleLight.light(of: image.samples[3 * pixel + 2]))
            lit += 1
        }
        guard lit > 0 else { return nil }
        let base = SIMD3<Float>(
            SampleLight.density(ofLight: light.x / lit), SampleLight.density(ofLight: light.y / lit),
            SampleLight.density(ofLight: light.z / lit))
        let azures = self.histogram(of: count, bins: 256, workers: workers) {
            Int(azure(image.samples, $0, base) * 128)
        }
        var above = 0
        let strongest = azures.indices.reversed().first {
            above += azures[$0]; return above * 1000 >= 3 * count
        }
        return Criteria(base: base, azure: max(azureDensity, azureShare * Float(strongest ?? 0) / 128))
    }

    /// How many pixels fall into each bin; what lies outside counts in the last on its side.
    private static func histogram(
        of count: Int, bins: Int, workers: Workers, _ bin: @Sendable (_ pixel: Int) -> Int
    ) -> [Int] {
        workers.map(count, grain: grain) { range in
            var part = [Int](repeating: 0, count: bins)
            for pixel in range { part[min(bins - 1, max(0, bin(pixel)))] += 1 }
            return part
        }.reduce(into: [Int](repeating: 0, count: bins)) { sum, part in
            for bin in 0..<bins { sum[bin] += part[bin] }
        }
    }

    /// Red-over-blue density of a pixel above the empty field's.
    private static func azure(_ samples: [Float], _ pixel: Int, _ base: SIMD3<Float>) -> Float {
        SampleLight.density(of: samples[3 * pixel]) - base.x - SampleLight.density(of: samples[3 * pixel + 2]) + base.z
    }
}
