/// Looks at a capture before a method runs on it, and judges the result after: the same for every method.
struct QualityJudge: Sendable {
    let figures: ReferenceFigures
    /// The training lab's.
    let palette: LabPalette
    let thresholds: QualityThresholds
    let workers: Workers

    /// What a capture shows before anything is done to it.
    struct Sight: Sendable {
        let analysis: FieldAnalysis
        /// What the network sees; nil for an image that is too small for it.
        let segmentation: SmearSegmentation?
        let cells: CellCounts?
        /// Nil without a segmentation.
        let whiteCells: WhiteCells?
        /// By the network's eyes where it can see, else by colors alone.
        var hasWhiteCells: Bool { cells.map { $0.whiteCells > 0 } ?? analysis.inspection.hasWhiteCells }
        let palette: ColorPalette
        /// Why the method must not run; nil if it may.
        var nothingToTransfer: QualityReport.Finding? {
            analysis.inspection.nothingToTransfer(smearProbability: segmentation?.smearProbability)
        }
    }

    /// - Parameter lab: the palette of the lab that the capture comes from, if it is known.
    func sight(of field: FieldImage, _ segmentation: SmearSegmentation?, lab: LabPalette?) -> Sight {
        let analysis = FieldAnalysis(field, workers: workers)
        let whiteCells = segmentation.map { WhiteCells(of: $0, lab: lab, workers: workers) }
        return Sight(
            analysis: analysis, segmentation: segmentation,
            cells: segmentation.flatMap { seen in whiteCells.map { CellCounts(seen, $0.regions) } },
            whiteCells: whiteCells,
            palette: analysis.palette(workers: workers))
    }

    /// Distance of a capture's colors to the references' palette, ΔE*ab.
    func distance(of sight: Sight) -> Float {
        sight.palette.distance(to: figures.palette, ignoringNuclei: !sight.hasWhiteCells)
    }

    /// - Parameters:
    ///   - clipped: how many pixels of the result were clipped.
    ///   - confidence: of every match; nil if nothing was matched.
    ///   - impediment: why the method could do nothing about the capture.
    func report(
        source: RGBImage, result: RGBImage, _ sight: Sight, clipped: Int, confidence: Float?,
        treatment: QualityReport.Treatment, strength: Float, impediment: QualityReport.Finding? = nil
    ) -> QualityReport {
        let analysis = sight.analysis
        // The same pixels are compared before and after: the classes are the source's.
        let reduced = LabImage(Reduction.box(result, by: analysis.scale, workers: workers), workers: workers)
        let after = analysis.palette(of: reduced, workers: workers)
        var contents: SmearContents?
        if let segmentation = sight.segmentation, let cells = sight.cells, let whiteCells = sight.whiteCells {
            let colors = LabImage(
                Reduction.box(result, by: segmentation.reduction, workers: workers), workers: workers)
            contents = SmearContents(
                segmentation, cells: cells, whiteCells: whiteCells, before: analysis.lab, after: reduced,
                mask: analysis.mask, scale: analysis.scale, colors: colors, palette: palette,
                references: figures.classColors, workers: workers)
        }
        return QualityReport(
            structuralSimilarity: StructuralSimilarity.value(source: source, result: result, workers: workers),
            paletteDistanceBefore: distance(of: sight),
            paletteDistanceAfter: after.distance(
                to: figures.palette, ignoringNuclei: !sight.hasWhiteCells),
            clippedShare: Float(clipped) / Float(max(1, source.pixelCount)), confidence: confidence,
            field: analysis.inspection, contents: contents, treatment: treatment, transferStrength: strength,
            thresholds: thresholds, impediment: impediment)
    }
}
