import NCTEngine
import SmearPhantom

/// Steps 1 to 5 for a phantom pair, and what step 6 works on.
struct TransferProblem {
    let source: LabImage
    let guidance: LabImage
    let confidence: Plane
    let luminance: Plane
    let neighbors: NonlocalNeighbors
    let energy: TransferEnergy
    let start: TransferField

    init(
        seed: UInt64, width: Int, extractor: any FeatureExtractor = SmearNet.embedded, levels: [Int],
        parameters: NormalizationParameters = NormalizationParameters()
    ) throws {
        let workers = Workers(threads: 2)
        let pair = SmearPhantom.pair(
            seed: seed, source: .labB, reference: .labA, width: width, height: 3 * width / 4)
        func reading(_ image: RGBImage) -> CaptureReading {
            CaptureReading(image, extractor: extractor, workers: workers)
        }
        let plan = try LevelPlan(
            references: pair.references.map(reading), levels: levels, parameters: parameters, workers: workers)
        let run = try LevelRun(
            capture: pair.source, appearance: reading(pair.source), plan: plan, parameters: parameters,
            initial: nil, workers: workers, onStage: { _ in })
        self.init(
            source: LabImage(run.source), guidance: run.vote.guidance, confidence: run.vote.confidence,
            luminance: run.source.luminance(), clusters: run.labels, parameters: parameters)
    }

    init(
        source: LabImage, guidance: LabImage, confidence: Plane, luminance: Plane, clusters: LabelMap<Cluster>? = nil,
        parameters: NormalizationParameters = NormalizationParameters()
    ) {
        let workers = Workers(threads: 2)
        (self.source, self.guidance, self.confidence, self.luminance) = (source, guidance, confidence, luminance)
        neighbors = NonlocalNeighbors(source: source, clusters: clusters, seed: parameters.seed, workers: workers)
        energy = TransferEnergy(
            source: source, guidance: guidance, confidence: confidence, luminance: luminance, neighbors: neighbors,
            localWeight: parameters.lambdaLocal, nonlocalWeight: parameters.lambdaNonlocal, workers: workers)
        start = InitialTransfer().field(source: source, guidance: guidance, workers: workers)
    }
}
