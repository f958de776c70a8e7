/// One standardization for a whole frame that is worked on in tiles: without it each tile would have its own, and the
/// same cell another color in each.
///
/// Level 1 is measured over every pixel. Deeper levels cost as much again as the features themselves, so one slot of
/// rows in ``stride`` is measured, drawn at random among each ``stride`` slots that follow each other and counted for
/// all of them: every row has the same chance, the sums are unbiased, and no regular structure can fall between.
package enum FrameStatistics {
    /// Rows of a slot, at least.
    private static let slotRows = 32
    private static let stride = 6
    /// Pixels from which the balance of classes is measured, about.
    private static let balanceSample = 500_000

    /// - Parameters:
    ///   - mask: the pixels of the frame that count.
    ///   - reading: of the frame, for these levels.
    ///   - reach: the extractor's.
    ///   - limit: pixels that are read at once, about.
    package static func standardizations(
        of frame: RGBImage, mask: DataMask? = nil, reading: any FeatureReading, reach: Int, levels: [Int],
        parameters: NormalizationParameters, limit: Int, workers: Workers
    ) throws -> [Int: Standardization] {
        let coarsest = levels.max() ?? 1
        let alignment = 1 << (coarsest - 1)
        let balance =
            parameters.standardization == .balanced
            ? CompositionBalance(of: sample(of: frame, mask: mask), workers: workers) : nil
        // Three pixels of the coarsest level are the least that an extractor takes.
        let reach = max(3 * alignment, (reach + alignment - 1) / alignment * alignment)
        let rows = max(slotRows, alignment, 2 * reach) / alignment * alignment
        let step = coarsest == 1 ? 1 : stride
        let width = max(alignment, limit / (rows + 2 * reach) - 2 * reach) / alignment * alignment
        var sums: [Int: ChannelSums] = [:]
        for (slot, factor) in slots(count: (frame.height + rows - 1) / rows, step: step, seed: parameters.seed) {
            for x in Swift.stride(from: 0, to: frame.width, by: width) {
                let part = PixelArea(
                    x: x, y: slot * rows, width: min(width, frame.width - x),
                    height: min(rows, frame.height - slot * rows))
                let area = part.grown(by: reach, within: frame)
                let maps = try reading.features(of: area, workers: workers)
                let weights = weights(
                    of: part, within: area, frame: frame, balance: balance, workers: workers
                ).masked(by: mask, at: area)
                for (level, map) in maps {
                    let found = FeatureKernels.weightedSums(
                        map, weights: Reduction.box(weights, by: 1 << (level - 1)).values, workers: workers)
                    sums[level, default: ChannelSums(channels: map.channels)].add(found, factor: factor)
                }
            }
        }
        return sums.mapValues { Standardization($0, weighted: balance != nil) }
    }

    /// One slot of each `step` that follow each other, with their number.
    package static func slots(count: Int, step: Int, seed: UInt64) -> [(slot: Int, factor: Double)] {
        var generator = SeededGenerator(seed: seed)
        return Swift.stride(from: 0, to: count, by: step).map { first in
            let members = min(step, count - first)
            return (first + Int.random(in: 0..<members, using: &generator), Double(members))
        }
    }

    /// What each pixel of an area counts: nothing outside of the part.
    private static func weights(
        of part: PixelArea, within area: PixelArea, frame: RGBImage, balance: CompositionBalance?, workers: Workers
    ) -> Plane {
        let inner = balance?.weights(of: frame.cropped(to: part), workers: workers).values
        var weights = Plane(width: area.width, height: area.height)
        for y in 0..<part.height {
            let start = (part.y - area.y + y) * area.width + part.x - area.x
            for x in 0..<part.width { weights.values[start + x] = inner?[y * part.width + x] ?? 1 }
        }
        return weights
    }

    /// Every so many pixels both ways, as they are: means would hold less noise than the pixels do.
    ///
    /// - Parameter mask: those that count; if some do not, the sample is a row of pixels.
    package static func sample(of frame: RGBImage, mask: DataMask? = nil) -> RGBImage {
        let step = max(1, Int((Double(frame.pixelCount) / Double(balanceSample)).squareRoot()))
        guard step > 1 else { return mask.data(of: frame) }
        let (width, height) = (frame.width / step, frame.height / step)
        var samples: [Float] = []
        samples.reserveCapacity(3 * width * height)
        for y in 0..<height {
            for x in 0..<width {
                // A step aside in each row, so that no column of the frame is left out.
                let pixel = y * step * frame.width + x * step + y % step
                guard mask.isData(pixel) else { continue }
                samples.append(contentsOf: frame.samples[3 * pixel..<3 * pixel + 3])
            }
        }
        guard mask == nil else { return RGBImage(width: samples.count / 3, height: 1, samples: samples) }
        return RGBImage(width: width, height: height, samples: samples)
    }
}

extension PixelArea {
    /// As much larger on all sides, as far as the frame goes.
    func grown(by margin: Int, within frame: RGBImage) -> PixelArea {
        let (left, top) = (max(0, x - margin), max(0, y - margin))
        return PixelArea(
            x: left, y: top, width: min(frame.width, x + width + margin) - left,
            height: min(frame.height, y + height + margin) - top)
    }
}
