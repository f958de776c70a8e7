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

    /// Throws ``EngineError/Code/unusableReference`` for one that shows no stained smear: it has no cells whose colors could
    /// be taken on.
    ///
    /// - Parameter segmentations: of each reference; nil for one that is too small for the network.
    /// - Precondition: at least one reference.
    package init(_ references: [FieldImage], _ segmentations: [SmearSegmentation?], workers: Workers) throws {
        let analyses = references.map { FieldAnalysis($0, workers: workers) }
        for (index, analysis) in analyses.enumerated() {
            let problem = analysis.inspection.problemOfReference(
                smearProbability: segmentations[index]?.smearProbability)
            guard let problem else { continue }
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
    /// Why an image that shows this has no colors that could be taken on; nil if it has.
    ///
    /// - Parameter smearProbability: what the network says; nil for an image that is too small for it.
    func problemOfReference(smearProbability: Float?) -> String? {
        // With three digits after the point, without the ones that say nothing.
        func text(_ value: Float) -> String { "\((value * 1000).rounded() / 1000)" }
        if isBlank { return "the image is blank: it has no structure to match" }
        if let crossed = crossedLimits.first {
            return "it shows no stained smear: its \(crossed.name) is \(text(crossed.value)), the limit "
                + text(crossed.limit)
        }
        if let smearProbability, smearProbability < SmearSegmentation.leastProbability {
            return "it shows no smear, says the network (probability \(text(smearProbability)))"
        }
        return nil
    }
}
