import Digests

/// The references' share of the work, done once: for each group that is searched together, one plan per step of levels.
package struct PreparedReferences: Sendable {
    /// References searched together.
    package struct Group: Sendable, Equatable {
        /// Indices of the references in it.
        package let references: [Int]
        /// What they alone say of the training lab's colors.
        package let palette: LabPalette
        /// In the order in which they run: one for joint levels, five for the progressive scheme.
        package let plans: [LevelPlan]
    }

    /// One group of all references, or one group a reference.
    package let groups: [Group]
    package let figures: ReferenceFigures
    init(groups: [Group], figures: ReferenceFigures) {
        self.groups = groups
        self.figures = figures
    }

    package init(
        _ references: [FieldImage], extractor: any FeatureExtractor, parameters: NormalizationParameters,
        workers: Workers
    ) throws {
        let members =
            parameters.referenceUse == .all ? [Array(references.indices)] : references.indices.map { [$0] }
        let steps: [[Int]] =
            switch parameters.levels {
            case .joint(let levels): [levels]
            case .progressive: [[5], [4], [3], [2], [1]]
            }
        let readings = try references.enumerated().map { index, reference in
            do {
                let reading = CaptureReading(reference, extractor: extractor, workers: workers)
                try reading.requireClasses(for: parameters.enhancement)
                return reading
            } catch let error as EngineError where error.code == .imageTooSmall {
                throw error.ofReference(index)
            }
        }
        figures = try ReferenceFigures(references, readings.map(\.segmentation), workers: workers)
        groups = try members.map { members in
            Group(
                references: members,
                palette: LabPalettes().target(
                    references: members.map { (references[$0].image, readings[$0].segmentation) }, workers: workers),
                plans: try steps.map { levels in
                    do {
                        return try LevelPlan(
                            references: members.map { readings[$0] }, levels: levels, parameters: parameters,
                            workers: workers)
                    } catch let error as EngineError {
                        // By its index in the group.
                        guard case .reference(let index) = error.subject else { throw error }
                        throw error.ofReference(members[index])
                    }
                })
        }
    }

    /// SHA-256 of all that the prepared references depend on, lowercase hexadecimal.
    package static func key(
        extractor: any FeatureExtractor, references: [FieldImage], parameters: NormalizationParameters
    ) -> String {
        let hash = SHA256()
        func add(_ text: String) { hash.update(Array(text.utf8) + [0]) }
        add("nctd prepared references, layout 6, \(EngineVersion.current)")
        add(extractor.identifier)
        add(extractor.digest)
        switch parameters.levels {
        case .joint(let levels): add("joint \(levels.sorted())")
        case .progressive: add("progressive")
        }
        add(
            "\(parameters.standardization) \(parameters.referenceUse) \(parameters.enhancement) \(parameters.components)"
        )
        add(SmearNet.embedded.digest)
        add("\(parameters.clusterCount) \(parameters.enhancementWeight) \(parameters.seed)")
        for reference in references {
            add("\(reference.image.width)×\(reference.image.height)")
            reference.image.samples.withUnsafeBytes { hash.update($0) }
            if let mask = reference.mask { hash.update(mask.isData.map { $0 ? 1 : 0 } as [UInt8]) }
        }
        return hash.finalize().hexadecimal
    }
}
