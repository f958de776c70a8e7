/// Simplest color balance (Limare, Lisani, Morel, Petro, Sbert, *Simplest Color Balance*, Image Processing On Line
/// 2011): a share of each channel's darkest and brightest samples is saturated, and what lies between is stretched to
/// 0…1.
///
/// No reference is needed. A channel whose limits coincide stays as it is. Cost linear in the pixels.
package struct ColorBalance: Baseline {
    /// s1 and s2, percent of the pixels.
    let low: Float
    let high: Float

    package init(_ parameters: BaselineParameters) {
        low = parameters.saturatedLowPercent
        high = parameters.saturatedHighPercent
    }

    package func recolor(
        _ source: RGBImage, measuring data: RGBImage, _: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        let limits = (0..<3).map { self.limits(of: SampleHistogram([data], channel: $0)) }
        let gains = limits.map { $0.high > $0.low ? 1 / ($0.high - $0.low) : 1 }
        let offsets = limits.map { $0.high > $0.low ? $0.low : 0 }
        return .clipping(
            workers.fill(source.pixelCount, width: 3) { range, target in
                for (place, pixel) in range.enumerated() {
                    for channel in 0..<3 {
                        target[3 * place + channel] =
                            (source.samples[3 * pixel + channel] - offsets[channel]) * gains[channel]
                    }
                }
            }, like: source)
    }

    /// V_min and V_max of the paper: the sorted samples at N·s1/100 and at N·(1 − s2/100) − 1.
    private func limits(of histogram: SampleHistogram) -> (low: Float, high: Float) {
        let count = histogram.total
        let first = Int(Float(count) * low / 100)
        let last = Int((Double(count) * (1 - Double(high) / 100)).rounded(.up)) - 1
        return (histogram.sample(at: min(first, count - 1)), histogram.sample(at: max(0, min(last, count - 1))))
    }
}
