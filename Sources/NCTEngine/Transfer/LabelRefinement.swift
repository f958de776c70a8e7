/// Makes a smooth field of a labeling, so that no contour of labels can be seen.
///
/// A label says which color a pixel takes, to within what lies between one label and the next. So the guidance is held to
/// that: where it is farther from the label's color than the ``LabelMetric/spacing``, which is a match that the labels
/// have outvoted, it is moved to that distance. The energy with the guidance so held is then minimized by
/// ``LeastSquaresSolver``, from the labels' transforms on: its smoothness terms take no notice of where one label ends.
package struct LabelRefinement: Sendable {
    package var solver: LeastSquaresSolver

    package init(solver: LeastSquaresSolver = LeastSquaresSolver()) { self.solver = solver }

    func refined(_ cut: GraphCut.Cut, of energy: TransferEnergy, workers: Workers) -> TransferField {
        var held = energy
        held.guidance = guidance(of: cut, in: energy)
        return solver.minimize(held, from: cut.field(width: energy.width, height: energy.height), workers: workers)
            .field
    }

    /// The guidance image, held to the labels' colors.
    func guidance(of cut: GraphCut.Cut, in energy: TransferEnergy) -> LabImage {
        var result = energy.guidance
        for pixel in 0..<energy.pixelCount {
            let label = cut.labels[Int(cut.chosen[pixel])]
            let (source, guidance, _) = energy.pixel(pixel)
            let color = label.gain * source + label.offset
            let difference = guidance - color
            let length = (difference * difference).sum().squareRoot()
            guard length > cut.metric.spacing else { continue }
            let kept = 100 * (color + cut.metric.spacing / length * difference)
            for channel in 0..<3 { result.samples[3 * pixel + channel] = Float(kept[channel]) }
        }
        return result
    }
}

extension GraphCut.Cut {
    /// Each pixel's transform.
    package func field(width: Int, height: Int) -> TransferField {
        let values = labels.map(\.values)
        return TransferField(width: width, height: height, values: chosen.flatMap { values[Int($0)] })
    }
}
