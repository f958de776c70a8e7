/// Histogram matching, channel by channel: a sample becomes the references' sample with the same share of samples up
/// to it, interpolated linearly between those that occur.
///
/// Several references make one histogram, in which each pixel counts the same. A capture of one color takes the
/// references' brightest one, since that is where all its samples are below. Cost linear in the pixels.
package struct HistogramMatching: Baseline {
    /// Of red, green and blue: values and the shares up to them.
    private let channels: [(codes: [Int], shares: [Double])]

    package init(references: [RGBImage], workers: Workers) {
        channels = workers.map(3, grain: 1) { SampleHistogram(references, channel: $0.lowerBound).cumulative }
    }

    package func recolor(
        _ source: RGBImage, measuring data: RGBImage, _: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        let tables = workers.map(3, grain: 1) { range in
            Self.table(
                from: SampleHistogram([data], channel: range.lowerBound).cumulative, to: channels[range.lowerBound])
        }
        return .clipping(
            workers.fill(source.pixelCount, width: 3) { range, target in
                for (place, pixel) in range.enumerated() {
                    for channel in 0..<3 {
                        let code = SampleHistogram.code(of: source.samples[3 * pixel + channel])
                        target[3 * place + channel] = tables[channel][code]
                    }
                }
            }, like: source)
    }

    /// The new sample of each code that occurs in the source; 0 elsewhere.
    private static func table(
        from source: (codes: [Int], shares: [Double]), to target: (codes: [Int], shares: [Double])
    ) -> [Float] {
        var table = [Float](repeating: 0, count: SampleHistogram.codes)
        var place = 0
        for (code, share) in zip(source.codes, source.shares) {
            while place < target.shares.count - 1, target.shares[place] < share { place += 1 }
            let above = SampleHistogram.sample(of: target.codes[place])
            guard place > 0, target.shares[place] > share else {
                table[code] = above
                continue
            }
            let below = SampleHistogram.sample(of: target.codes[place - 1])
            let part = (share - target.shares[place - 1]) / (target.shares[place] - target.shares[place - 1])
            table[code] = below + Float(part) * (above - below)
        }
        return table
    }
}
