/// The method on a frame that is too large to be worked on at once: tile by tile, with what must be the same everywhere
/// taken from the whole frame.
///
/// Of the whole frame are the standardization (``FrameStatistics``), the classes, the references' part, the
/// ``ColorTrend`` and the strength of the transfer. Search, vote and energy run in a tile, which is larger than what
/// an ordinary capture shows. Each patch of the references would look for one match in the whole frame and vote there
/// once; so it looks in one tile, and the tiles share the references' rows among them.
///
/// Where tiles overlap, their results in CIELAB are blended by the weights of ``TileLayout``. A result is the pixel's
/// own color times a gain plus an offset, so to blend results is to blend gains and offsets, with three floats a
/// pixel in place of eight.
///
/// Memory: 24 bytes per pixel of the frame, the capture and its result (40 with the progressive scheme, which keeps the
/// step before and each tile's field), and what one tile takes, about 350 bytes per pixel of it at level 1.
///
/// Tiles follow each other and each uses all threads, so the bytes do not depend on their number.
package struct TiledRun {
    let start: TransferStart
    let layout: TileLayout
    let group: PreparedReferences.Group
    let strength: Float
    let extractor: any FeatureExtractor
    let parameters: NormalizationParameters
    let workers: Workers

    private var capture: CaptureReading { start.capture }
    private var source: RGBImage { capture.image }

    /// Pixels over which one tile gives way to the next.
    private static let blend = 64
    /// Pixels of the search's grid beyond the features' reach that patches, vote and energy look at.
    private static let surroundings = 14
    /// Rows of the references that look for matches in the same tile.
    private static let reverseBlock = 16
    /// Pixels of the frame that are finished at once.
    private static let bandPixels = 1 << 20

    /// How a capture is cut, or nil if it is worked on as a whole.
    package static func layout(
        for source: RGBImage, extractor: any FeatureExtractor, parameters: NormalizationParameters
    ) -> TileLayout? {
        guard source.pixelCount > parameters.pixelsAtOnce else { return nil }
        let coarsest = parameters.allLevels.max() ?? 1
        let (deepest, grid): (Int, Int) =
            switch parameters.levels {
            case .joint(let list): (coarsest, list.min() ?? 1)
            // The steps before level 3 only say where the search starts, which a tile's border may get wrong.
            case .progressive: (3, 3)
            }
        let scale = max(1 << (grid - 1), parameters.transferGrid)
        let support = scale * (surroundings + (scale > 1 ? 2 * parameters.guidedFilterRadius : 0))
        let layout = TileLayout(
            width: source.width, height: source.height, limit: parameters.pixelsAtOnce,
            context: extractor.reach(atLevel: deepest) + support, blend: blend, alignment: 1 << (coarsest - 1))
        return layout.tiles.count > 1 ? layout : nil
    }

    /// - Parameter report: called as by ``Normalizer``, each stage once per tile and plan.
    func result(onStage report: (Stage) -> Void) throws -> Transferred {
        var appearance = start.appearance
        var (clipped, confidence) = (0, Float(0))
        var reached: TransferReport?
        var fields: [NearestNeighborField] = []
        for (index, plan) in group.plans.enumerated() {
            let last = index == group.plans.count - 1
            var lab: LabImage
            (lab, confidence, reached) = try repainted(
                appearance, plan: plan, before: index > 0 ? group.plans[index - 1] : nil, fields: &fields,
                keepingFields: !last, onStage: report)
            clipped = finish(&lab, blending: last)
            appearance = CaptureReading(
                appearance: RGBImage(width: lab.width, height: lab.height, samples: lab.samples), of: capture)
            report(.recoloring)
        }
        return Transferred(image: appearance.image, clipped: clipped, confidence: confidence, report: reached)
    }

    /// The frame in CIELAB after one step, the mean confidence, and what step 6 reached in all tiles.
    private func repainted(
        _ appearance: CaptureReading, plan: LevelPlan, before: LevelPlan?, fields: inout [NearestNeighborField],
        keepingFields: Bool, onStage report: (Stage) -> Void
    ) throws -> (frame: LabImage, confidence: Float, reached: TransferReport?) {
        let levels = plan.projection.levels
        let reading = try appearance.parts(atLevels: levels, workers: workers)
        let statistics = try FrameStatistics.standardizations(
            of: appearance.image, mask: appearance.mask, reading: reading,
            reach: extractor.reach(atLevel: levels.max() ?? 1), levels: levels,
            parameters: parameters, limit: parameters.pixelsAtOnce / 2, workers: workers)
        var frame = LabImage(
            width: source.width, height: source.height, samples: [Float](repeating: 0, count: source.samples.count))
        var (confidence, counted) = (0.0, 0)
        var reached: TransferReport?
        for (index, tile) in layout.tiles.enumerated() {
            let capture = source.cropped(to: tile.area)
            let projected = try LevelRun.projected(by: plan, workers: workers, onStage: report) {
                try CaptureFeatures(of: tile.area, in: reading, by: statistics, workers: workers)
            }
            let initial = before.map {
                fields[index].enlarged(
                    width: projected.width, height: projected.height, from: $0.map, to: plan.map)
            }
            let run = LevelRun(
                capture: FieldImage(capture, mask: appearance.mask.cropped(to: tile.area)), projected: projected,
                segmentation: appearance.segmentation, area: tile.area, plan: plan, parameters: parameters,
                initial: initial, reverseRows: reverseRows(ofTile: index, height: plan.map.height), workers: workers,
                onStage: report)
            let transfer = run.transfer(parameters, scale: plan.scale, workers: workers)
            if reached?.add(transfer.report) == nil { reached = transfer.report }
            report(.transfer)
            let part = run.recolored(
                capture, lab: LabImage(capture, workers: workers), by: transfer, parameters: parameters,
                workers: workers)
            TileKernels.add(
                part, at: (tile.area.x, tile.area.y), weights: layout.weights(of: tile), to: &frame, workers: workers)
            let (sum, count) = Self.sum(
                of: run.vote.confidence, mask: appearance.mask, in: tile, scale: plan.scale)
            confidence += sum
            counted += count
            if keepingFields {
                var field = run.forward
                field.distances = []
                if index < fields.count { fields[index] = field } else { fields.append(field) }
            }
            report(.recoloring)
        }
        return (frame, Float(confidence / Double(max(1, counted))), reached)
    }

    /// The references' rows that look for their match in a tile: every so many blocks of a few rows, so that the tiles
    /// get a like share of all that the references show.
    private func reverseRows(ofTile index: Int, height: Int) -> [Range<Int>] {
        let block = Self.reverseBlock
        return stride(from: index * block, to: height, by: layout.tiles.count * block).map {
            $0..<min(height, $0 + block)
        }
    }

    /// Moves the last step's result to the trend, weakens it where the transfer is to be weak, and makes sRGB of it, in
    /// place and band by band.
    ///
    /// - Returns: the number of clipped pixels.
    private func finish(_ frame: inout LabImage, blending: Bool) -> Int {
        let ending = blending ? ending(of: frame) : nil
        let rows = max(1, Self.bandPixels / frame.width)
        var clipped = 0
        for y in stride(from: 0, to: frame.height, by: rows) {
            let area = PixelArea(x: 0, y: y, width: frame.width, height: min(rows, frame.height - y))
            let range = 3 * y * frame.width..<3 * (y + area.height) * frame.width
            var band = LabImage(width: area.width, height: area.height, samples: Array(frame.samples[range]))
            if let ending, ending.isAny {
                let lab = LabImage(source.cropped(to: area), workers: workers)
                ending.apply(to: &band, from: lab, area: area, workers: workers)
            }
            let (image, count) = band.rgbImage(workers: workers)
            frame.samples.replaceSubrange(range, with: image.samples)
            clipped += count
        }
        return clipped
    }

    /// What the whole frame is moved by, from the pixels that its trend looks at.
    private func ending(of frame: LabImage) -> TransferStart.Ending {
        let pixels = ColorTrend.sample(width: frame.width, pixelCount: frame.pixelCount, mask: capture.mask)
        return start.ending(
            from: LabImage(source.picked(pixels)), to: frame.picked(pixels), at: pixels, strength: strength,
            parameters: parameters, workers: workers)
    }

    /// Sum and number of a tile's confidences in its core.
    ///
    /// - Parameter mask: of the frame.
    private static func sum(
        of confidence: Plane, mask: DataMask?, in tile: TileLayout.Tile, scale: Int
    ) -> (Double, Int) {
        let (x, y) = ((tile.core.x - tile.area.x) / scale, (tile.core.y - tile.area.y) / scale)
        let right = min(confidence.width, (tile.core.x + tile.core.width - tile.area.x) / scale)
        let bottom = min(confidence.height, (tile.core.y + tile.core.height - tile.area.y) / scale)
        var (sum, count) = (0.0, 0)
        for row in y..<bottom {
            for column in x..<right
            where mask?[tile.area.x + column * scale, tile.area.y + row * scale] ?? true {
                sum += Double(confidence.values[row * confidence.width + column])
                count += 1
            }
        }
        return (sum, count)
    }
}
