/// A method that changes colors by statistics of whole images; its share of work on the references is done.
///
/// Several references are pooled: their pixels count as those of one image.
package protocol Baseline: Sendable {
    /// The capture in the references' colors, or why the method cannot say anything about it.
    ///
    /// The bytes of the result depend on the capture alone, not on the number of threads.
    ///
    /// - Parameters:
    ///   - data: its pixels that are data, which the statistics are those of.
    ///   - segmentation: what the network sees in it; nil for one that is too small for it.
    func recolor(
        _ source: RGBImage, measuring data: RGBImage, _ segmentation: SmearSegmentation?, workers: Workers
    ) -> Recoloring
}

extension Baseline {
    /// The same for an image that is data all over.
    package func recolor(_ source: RGBImage, _ segmentation: SmearSegmentation?, workers: Workers) -> Recoloring {
        recolor(source, measuring: source, segmentation, workers: workers)
    }
}

/// What a baseline makes of a capture.
package enum Recoloring: Sendable, Equatable {
    /// The result, samples 0…1, and how many pixels had to be clipped by more than 1/64.
    case repainted(RGBImage, clipped: Int)
    /// The capture lacks what the method measures; it stays as it is.
    case impossible(QualityReport.Finding)

    /// A result from samples of any value but those that are not finite.
    static func clipping(_ samples: [Float], like source: RGBImage) -> Recoloring {
        var samples = samples
        var count = 0
        for pixel in 0..<source.pixelCount {
            var isFar = false
            for index in 3 * pixel..<3 * pixel + 3 {
                let value = samples[index]
                isFar = isFar || value < -1 / 64 || value > 1 + 1 / 64
                samples[index] = min(1, max(0, value))
            }
            if isFar { count += 1 }
        }
        return .repainted(RGBImage(width: source.width, height: source.height, samples: samples), clipped: count)
    }
}

extension NormalizationMethod {
    /// Prepares a method without a search; nil for color transfer.
    ///
    /// Throws ``EngineError/Code/unusableReference`` if the references lack what the method measures.
    func baseline(
        references fields: [FieldImage], palettes: LabPalettes, target: LabPalette,
        parameters: BaselineParameters, seed: UInt64, workers: Workers
    ) throws -> (any Baseline)? {
        let references = fields.map(\.data)
        return switch self {
        case .colorTransfer: nil
        case .classPalette:
            ClassPaletteTransfer(palettes: palettes, target: target)
        case .colorBalance: ColorBalance(parameters)
        case .reinhard:
            Reinhard(references: references, space: parameters.reinhardSpace, workers: workers)
        case .macenko: try Macenko(references: references, parameters: parameters, workers: workers)
        case .vahadane: try Vahadane(references: references, parameters: parameters, seed: seed, workers: workers)
        case .histogramMatching: HistogramMatching(references: references, workers: workers)
        }
    }
}

extension Workers {
    /// Pixels a piece of work.
    static let pixelGrain = 16384

    /// A new array of `count × width` values, each element's written by `body`; the pieces are the same for any
    /// number of threads.
    func fill(
        _ count: Int, width: Int, _ body: @Sendable (Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        guard count > 0 else { return [] }
        return [Float](unsafeUninitializedCapacity: count * width) { buffer, initialized in
            initialized = count * width
            let target = SharedPointer(buffer)
            forEach(count, grain: Self.pixelGrain) { range in
                body(range, target.base + range.lowerBound * width)
            }
        }
    }
}
