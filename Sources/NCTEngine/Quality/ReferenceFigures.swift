/// What quality and the choice of a reference need to know of a profile's references; computed once.
package struct ReferenceFigures: Sendable, Equatable {
    /// The colors of all references together.
    let palette: ColorPalette
    /// Mean CIELAB of their backgrounds.
    let background: SIMD3<Float>
    /// What each shows.
    let contents: [FieldContents]
    /// The colors of each one's classes; of those that are large enough for the network.
    let classColors: [ClassColors]

    init(
        palette: ColorPalette, background: SIMD3<Float>, contents: [FieldContents], classColors: [ClassColors]
    ) {
        self.palette = palette
        self.background = background
        self.contents = contents
        self.classColors = classColors
    }

    /// Throws ``EngineError/Code/unusableReference`` for one that is blank, gray or a negative: it has no cells whose colors
    /// could be taken on. `nctd profile check` asks for more.
    ///
    /// - Parameter segmentations: of each reference; nil for one that is too small for the network.
    /// - Precondition: at least one reference.
    package init(_ references: [FieldImage], _ segmentations: [SmearSegmentation?], workers: Workers) throws {
        let analyses = references.map { FieldAnalysis($0, workers: workers) }
        for (index, analysis) in analyses.enumerated() {
            guard let problem = analysis.inspection.colorProblem else { continue }
            throw EngineError(
                .unusableReference, problem, subject: .reference(index),
                remedy: "choose an image of the training lab that shows stained cells")
        }
        palette = ColorPalette(pooling: analyses.map { $0.palette(workers: workers) })
        background = analyses.reduce(.zero) { $0 + $1.background } / Float(analyses.count)
        contents = analyses.map(\.contents)
        classColors = zip(segmentations, analyses).compactMap { segmentation, analysis in
            segmentation.map {
                ClassColors(
                    analysis.lab, $0.labels(reducedBy: analysis.scale, workers: workers), mask: analysis.mask)
            }
        }
    }

    /// How little each reference's contents suit a capture's, 0 and more; the least is the one to take.
    func distances(to capture: FieldContents) -> [Float] { contents.map { $0.distance(to: capture) } }
}

extension FieldInspection {
    /// Why there are no colors of a smear that could be taken on; nil if there are.
    var colorProblem: String? {
        if isBlank { return "the image is blank: it has no structure to match" }
        if let crossed = crossedLimits.first(where: \.isOfColor) { return crossed.problem }
        return isNegative ? "it is a negative: its cells are brighter than its background" : nil
    }
}

extension FieldInspection.CrossedLimit {
    /// What it says of an image that is to be a reference.
    var problem: String {
        // With three digits after the point, without the ones that say nothing.
        func text(_ value: Float) -> String { "\((value * 1000).rounded() / 1000)" }
        return "it shows no stained smear: its \(name) is \(text(value)), the limit \(text(limit))"
    }
}
