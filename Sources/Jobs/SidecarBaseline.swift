import Config
import NCTEngine

extension Sidecar {
    /// The parameters that the method at hand has; in the file, an object of one or the other kind.
    public enum MethodParameters: Sendable, Equatable, Codable {
        case transfer(Parameters)
        case baseline(Baseline)

        init(_ profile: Profile) {
            self =
                profile.method.usesFeatures
                ? .transfer(Parameters(profile.parameters))
                : .baseline(Baseline(profile.method, profile.baselineParameters))
        }

        /// Those of color transfer, nil for another method.
        public var transfer: Parameters? {
            if case .transfer(let parameters) = self { parameters } else { nil }
        }

        /// Those of a baseline, nil for color transfer.
        public var baseline: Baseline? {
            if case .baseline(let parameters) = self { parameters } else { nil }
        }

        private enum Key: String, CodingKey { case levels }

        public init(from decoder: any Decoder) throws {
            self =
                try decoder.container(keyedBy: Key.self).contains(.levels)
                ? .transfer(Parameters(from: decoder)) : .baseline(Baseline(from: decoder))
        }

        public func encode(to encoder: any Encoder) throws {
            switch self {
            case .transfer(let parameters): try parameters.encode(to: encoder)
            case .baseline(let parameters): try parameters.encode(to: encoder)
            }
        }
    }

    /// A baseline's parameters by the names that they have in a profile; nil are those that its method does not have.
    public struct Baseline: Sendable, Equatable, Codable {
        public var saturatedLowPercent: Float?
        public var saturatedHighPercent: Float?
        public var reinhardSpace: BaselineParameters.ReinhardSpace?
        public var opticalDensityThreshold: Float?
        public var anglePercentile: Float?
        public var sparsity: Float?

        public init(_ method: NormalizationMethod, _ parameters: BaselineParameters) {
            switch method {
            case .colorTransfer, .classPalette, .histogramMatching: break
            case .reinhard: reinhardSpace = parameters.reinhardSpace
            case .colorBalance:
                saturatedLowPercent = parameters.saturatedLowPercent
                saturatedHighPercent = parameters.saturatedHighPercent
            case .macenko:
                opticalDensityThreshold = parameters.opticalDensityThreshold
                anglePercentile = parameters.anglePercentile
            case .vahadane:
                opticalDensityThreshold = parameters.opticalDensityThreshold
                sparsity = parameters.sparsity
            }
        }
    }
}
