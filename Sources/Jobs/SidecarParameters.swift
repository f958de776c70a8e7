import Config
import NCTEngine

extension Sidecar {
    /// Every parameter of color transfer by the name that it has in a profile.
    public struct Parameters: Sendable, Equatable, Codable {
        /// Empty where `progressive` is true.
        public var levels: [Int]
        public var progressive: Bool
        public var standardization: NormalizationParameters.Standardization
        public var enhancement: NormalizationParameters.Enhancement
        public var referenceUse: NormalizationParameters.ReferenceUse
        public var luminance: NormalizationParameters.LuminanceStandard
        public var components: Int
        public var clusterCount: Int
        public var enhancementWeight: Float
        public var patchmatchIterations: Int
        public var completenessWeight: Float
        public var lambdaLocal: Float
        public var lambdaNonlocal: Float
        /// Nil in a sidecar of an engine that had one solver alone.
        public var solver: NormalizationParameters.Solver?
        public var solverLabels: Int?
        public var solverTolerance: Float
        public var solverIterations: Int
        public var guidedFilterRadiusPixels: Int
        public var guidedFilterEpsilon: Float
        public var trendShare: Float
        public var trendTolerance: Float
        public var alikeDistance: Float
        /// Nil in a sidecar of an engine before 0.5.
        public var tilePixels: Int?
        /// Nil in a sidecar of an engine before 0.8, which did not align.
        public var align: Bool?
        public var whiteCellBelief: Float?
        /// Nil in a sidecar of an engine before 0.6, which solved on the grid of the search.
        public var transferGrid: Int?

        public init(_ parameters: NormalizationParameters) {
            switch parameters.levels {
            case .joint(let list): (levels, progressive) = (list, false)
            case .progressive: (levels, progressive) = ([], true)
            }
            standardization = parameters.standardization
            enhancement = parameters.enhancement
            referenceUse = parameters.referenceUse
            luminance = parameters.luminance
            components = parameters.components
            clusterCount = parameters.clusterCount
            enhancementWeight = parameters.enhancementWeight
            patchmatchIterations = parameters.patchMatchIterations
            completenessWeight = parameters.completenessWeight
            lambdaLocal = parameters.localWeight
            lambdaNonlocal = parameters.nonlocalWeight
            solver = parameters.solver
            solverLabels = parameters.solverLabels
            solverTolerance = parameters.solverTolerance
            solverIterations = parameters.solverIterations
            guidedFilterRadiusPixels = parameters.guidedFilterRadius
            guidedFilterEpsilon = parameters.guidedFilterEpsilon
            trendShare = parameters.trendShare
            trendTolerance = parameters.trendTolerance
            alikeDistance = parameters.alikeDistance
            tilePixels = parameters.tilePixels
            align = parameters.aligns
            whiteCellBelief = parameters.whiteCellBelief
            transferGrid = parameters.transferGrid
        }
    }
}

extension Sidecar.Quality {
    init(_ report: QualityReport) {
        self.init(
            structuralSimilarity: report.structuralSimilarity, paletteDistanceBefore: report.paletteDistanceBefore,
            paletteDistanceAfter: report.paletteDistanceAfter, clippedShare: report.clippedShare,
            confidence: report.confidence, noDataShare: report.noDataShare, field: report.field,
            contents: report.contents,
            treatment: report.treatment, transferStrength: report.transferStrength)
    }
}

extension Sidecar.Finding {
    init(_ finding: QualityReport.Finding) {
        self.init(kind: finding.kind.name, value: finding.value, threshold: finding.threshold)
    }
}

extension Sidecar.Verdict {
    /// - Parameter rules: those that the verdict was reached by.
    init(_ quality: QualityReport, _ rules: VerdictRules, delivery: Sidecar.Delivery) {
        self.init(
            value: quality.verdict, findings: quality.findings.map(Sidecar.Finding.init),
            notes: quality.notes.isEmpty ? nil : quality.notes.map(Sidecar.Finding.init),
            rules: rules == VerdictRules() ? nil : Sidecar.Rules(rules), delivery: delivery)
    }
}

extension Sidecar.Rules {
    init(_ rules: VerdictRules) {
        fields = rules.fields
        effects = Dictionary(uniqueKeysWithValues: rules.effects.map { ($0.key.name, $0.value) })
    }
}

extension Sidecar.ReferenceChoice {
    init(_ result: Normalization, profile: Profile) {
        guard profile.method.usesFeatures else {
            self.init(use: .all, chosen: nil, reason: Self.reason(of: result, baseline: profile.method), distances: [])
            return
        }
        let (parameters, references) = (profile.parameters, profile.references.count)
        let reason: String
        if result.quality.treatment == .alike {
            reason = "none was needed: the capture has the references' colors already"
        } else if result.quality.treatment == .aligned {
            reason = "the change from lab to lab alone is nearer to the training lab than what the search made"
        } else if result.quality.treatment != .transferred {
            reason = "none was needed: there is no smear to transfer colors to"
        } else if references == 1 {
            reason = "it is the only one"
        } else if let chosen = result.chosenReference {
            reason = "the contents of reference \(chosen + 1) have the smallest distance to the capture's"
        } else {
            reason = "each pixel takes its best match from whichever reference"
        }
        self.init(
            use: parameters.referenceUse, chosen: result.chosenReference, reason: reason,
            distances: result.referenceDistances)
    }

    private static func reason(of result: Normalization, baseline: NormalizationMethod) -> String {
        if baseline == .colorBalance { return "the method needs none; they serve to judge the result" }
        return result.quality.treatment == .transferred
            ? "the method pools the pixels of all references"
            : "none was needed: there is nothing that the method could change"
    }
}
