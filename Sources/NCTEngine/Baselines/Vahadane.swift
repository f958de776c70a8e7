/// Vahadane's structure-preserving color normalization (Vahadane, Peng, Sethi, Albarqouni, Wang, Baust, Steiger,
/// Schlitter, Esposito, Navab, IEEE Transactions on Medical Imaging 2016).
///
/// The optical densities are factored into two stains and their concentrations, both non-negative and the
/// concentrations sparse (``SparseFactorization``). The stains are fitted to a seeded sample of the stained pixels (all
/// three channels at β or more), as the paper fits them to samples of stained tissue; every pixel's concentrations then
/// come from the same objective, are scaled so that their 99th percentiles are the references', and mixed anew with the
/// references' stains.
///
/// Several references are pooled: the sample is drawn from all of them. Cost: linear in the pixels, and a fit of
/// bounded cost.
package struct Vahadane: Baseline {
    package let target: StainModel
    private let parameters: BaselineParameters
    private let seed: UInt64

    /// Throws ``EngineError/Code/unusableReference`` if the references do not show two stains.
    package init(references: [RGBImage], parameters: BaselineParameters, seed: UInt64, workers: Workers) throws {
        self.parameters = parameters
        self.seed = seed
        do {
            target = try Self.model(of: references, parameters: parameters, seed: seed, workers: workers)
        } catch {
            throw error.unusable(references)
        }
    }

    package func recolor(
        _ source: RGBImage, measuring data: RGBImage, _: SmearSegmentation?, workers: Workers
    ) -> Recoloring {
        do {
            let own = try Self.model(of: [data], parameters: parameters, seed: seed, workers: workers)
            return own.restained(source, as: target, workers: workers)
        } catch {
            return .impossible(error.finding)
        }
    }

    private static func model(
        of images: [RGBImage], parameters: BaselineParameters, seed: UInt64, workers: Workers
    ) throws(StainsMissing) -> StainModel {
        let stained = StainDensity.stained(images, threshold: parameters.opticalDensityThreshold, workers: workers)
        // The plane's extreme directions are a good start, and tell whether there are two stains at all.
        let start = try StainPlane(stained, percent: 1, workers: workers).stains
        let factorization = SparseFactorization(
            SparseFactorization.sample(stained, seed: seed), start: start, sparsity: parameters.sparsity,
            workers: workers)
        return try StainModel(
            of: images, stains: factorization.unitStains, sparsity: parameters.sparsity, workers: workers)
    }
}
