/// All that the search at one setting of levels needs of the references; computed once, shared by all captures.
package struct LevelPlan: Sendable, Equatable {
    package let projection: Projection
    /// The clusters of the clustering enhancement, nil for the others.
    package let clustering: Clustering?
    /// How many labels are appended to the features: clusters, classes, or 0.
    package let labelCount: Int
    /// What a pixel of another cluster adds to the distance, in stored units.
    package let labelWeight: Float
    /// The references' features, side by side.
    package let map: SearchMap
    /// Their colors in CIELAB, laid out like the map.
    package let colors: [Float]

    /// The grid's reduction: a pixel of it covers `scale × scale` pixels of the image.
    package var scale: Int { 1 << (projection.levels[0] - 1) }

    /// Expected squared feature distance between two random pixels of the references, in stored units.
    package var randomError: Float { 2 * projection.variances.reduce(0, +) * map.scale * map.scale }

    package init(
        projection: Projection, clustering: Clustering?, labelCount: Int, labelWeight: Float, map: SearchMap,
        colors: [Float]
    ) {
        self.projection = projection
        self.labelCount = labelCount
        self.clustering = clustering
        self.labelWeight = labelWeight
        self.map = map
        self.colors = colors
    }

    /// Prepares the references for a search at the given levels jointly.
    ///
    /// Throws ``EngineError/Code/unusableReference`` naming a reference that is blank or too small.
    package init(
        references: [CaptureReading], levels: [Int], parameters: NormalizationParameters, workers: Workers
    ) throws {
        var features: [CaptureFeatures] = []
        for (index, reference) in references.enumerated() {
            do {
                features.append(
                    try CaptureFeatures(
                        reference, levels: levels, standardization: parameters.standardization, workers: workers))
            } catch let error as EngineError where error.code == .imageTooSmall {
                throw error.ofReference(index)
            }
            guard !features[index].isConstant else {
                throw EngineError(
                    .unusableReference, "the image is blank: it has no structure to match",
                    subject: .reference(index), remedy: "choose an image that shows cells")
            }
        }
        let projection = Projection(
            fitting: features.map(\.byLevel), levels: levels, components: parameters.components, workers: workers)
        let projected = features.map { projection.apply(to: $0.byLevel, workers: workers) }
        let clustering =
            parameters.enhancement == .clustering
            ? Clustering(
                fitting: projected, count: parameters.clusterCount, seed: parameters.seed, workers: workers) : nil
        let grid = 1 << (projection.levels[0] - 1)
        let labels = zip(references, projected).map { reference, projected in
            switch parameters.enhancement {
            case .none: LabelMap<Cluster>?.none
            case .clustering: clustering?.labels(of: projected, workers: workers)
            case .segmentation:
                reference.segmentation?.labels(reducedBy: grid, workers: workers).renamed(as: Cluster.self)
            }
        }
        let labelCount =
            parameters.enhancement == .segmentation ? SmearSegmentation.classCount : clustering?.count ?? 0
        let scale = SearchMap.scale(strongestVariance: projection.variances[0])
        let labelWeight =
            parameters.enhancementWeight * projection.variances.reduce(0, +).squareRoot() * scale
        let map = SearchMap(
            zip(projected, labels).map { ($0, $1) }, labelCount: labelCount, labelWeight: labelWeight, scale: scale,
            workers: workers)
        let colors = map.padded(
            references.map { LabImage(Reduction.box($0.image, by: grid, workers: workers), workers: workers) })
        self.init(
            projection: projection, clustering: clustering, labelCount: labelCount, labelWeight: labelWeight, map: map,
            colors: colors)
    }
}
