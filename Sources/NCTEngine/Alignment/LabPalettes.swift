/// The palettes that a change from lab to lab goes by.
public struct LabPalettes: Sendable, Equatable {
    /// Of the training lab; nil: learned from the references.
    public var training: LabPalette?
    /// Of the lab that captures come from; nil: each capture's own, learned from it alone.
    public var captures: LabPalette?

    /// Either palette, or none.
    public init(training: LabPalette? = nil, captures: LabPalette? = nil) {
        self.training = training
        self.captures = captures
    }

    /// The training lab's palette, from the references if it is not known otherwise.
    func target(references: [(image: RGBImage, segmentation: SmearSegmentation?)], workers: Workers) -> LabPalette {
        if let training { return training }
        var learner = PaletteLearner()
        for case (let image, let segmentation?) in references {
            let cells = WhiteCells(of: segmentation, workers: workers)
            learner.add(AlignmentSight(image, segmentation, cells, workers: workers).colors)
        }
        return (try? learner.palette(workers: workers)) ?? .general
    }
}

/// A capture on its way from lab to lab.
struct AlignedCapture: Sendable {
    /// In the training lab's colors, class by class; the search starts from here.
    let image: RGBImage
    /// Pixels that had to be clipped to the gamut.
    let clipped: Int
    let sight: AlignmentSight

    /// - Parameters:
    ///   - cells: of the segmentation.
    ///   - target: the training lab's palette.
    init(
        _ source: RGBImage, _ segmentation: SmearSegmentation, _ cells: WhiteCells, palettes: LabPalettes,
        target: LabPalette, workers: Workers
    ) {
        sight = AlignmentSight(source, segmentation, cells, workers: workers)
        let own = palettes.captures ?? Self.own(sight.colors, workers: workers)
        let alignment = ClassAlignment(sight.colors, from: own, to: target)
        let lab = ClassAlignment.aligned(source, sight, by: alignment, workers: workers)
        (image, clipped) = lab.rgbImage(workers: workers)
    }

    /// What one capture alone says of its lab.
    private static func own(_ colors: FieldColors, workers: Workers) -> LabPalette {
        var learner = PaletteLearner()
        learner.add(colors)
        return (try? learner.palette(workers: workers)) ?? .general
    }
}
