/// Macenko's stain normalization (Macenko, Niethammer, Marron, Borland, Woosley, Guan, Schmitt, Thomas, *A Method for
/// Normalizing Histology Slides for Quantitative Analysis*, ISBI 2009).
///
/// The stained pixels' optical densities span a plane (``StainPlane``: singular value decomposition of the densities,
/// not of their deviations from the mean); the stains are its extreme directions at the α-th percentiles of the angle.
/// Concentrations are least squares, scaled so that their 99th percentiles are the references', and mixed anew with the
/// references' stains.
///
/// Optical density is the natural logarithm over white (255), and β is meant so, as in the implementations in use; the
/// paper's is decadic. A pixel counts as stained if all three channels reach β. Several references are pooled: their
/// pixels make one set. Cost: linear in the pixels but for sorting them.
package struct Macenko: Baseline {
    package let target: StainModel
    private let threshold: Float
    private let percent: Float

    /// Throws ``EngineError/Code/unusableReference`` if the references do not show two stains.
    package init(references: [RGBImage], parameters: BaselineParameters, workers: Workers) throws {
        threshold = parameters.opticalDensityThreshold
        percent = parameters.anglePercentile
        do {
            target = try Self.model(of: references, threshold: threshold, percent: percent, workers: workers)
        } catch {
            throw error.unusable(references)
        }
    }

    package func recolor(
        _ source: RGBImage, measuring data: RGBImage, _: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        do {
            let own = try Self.model(of: [data], threshold: threshold, percent: percent, workers: workers)
            return own.restained(source, as: target, workers: workers)
        } catch {
            return .impossible(error.finding)
        }
    }

    private static func model(
        of images: [RGBImage], threshold: Float, percent: Float, workers: Workers
    ) throws(StainsMissing) -> StainModel {
        let stained = StainDensity.stained(images, threshold: threshold, workers: workers)
        let plane = try StainPlane(stained, percent: percent, workers: workers)
        return try StainModel(of: images, stains: plane.stains, sparsity: nil, workers: workers)
    }
}
