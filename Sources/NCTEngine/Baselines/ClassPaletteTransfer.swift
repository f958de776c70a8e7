/// The change from lab to lab alone, class by class (``ClassAlignment``): the cheapest good method, and what
/// correspondences have to beat.
struct ClassPaletteTransfer: Baseline {
    var palettes: LabPalettes
    /// The training lab's.
    let target: LabPalette

    /// An image that is too small for the network stays as it is.
    func recolor(
        _ source: RGBImage, measuring _: RGBImage, _ segmentation: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        guard let segmentation else {
            return .impossible(
                QualityReport.Finding(kind: .notASmear, value: 0, threshold: SmearSegmentation.leastProbability))
        }
        let cells = WhiteCells(of: segmentation, lab: palettes.captures, workers: workers)
        let aligned = AlignedCapture(source, segmentation, cells, palettes: palettes, target: target, workers: workers)
        return .repainted(aligned.image, clipped: aligned.clipped)
    }
}
