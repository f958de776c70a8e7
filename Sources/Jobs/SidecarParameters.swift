import Config
import Foundation
import NCTEngine

extension Sidecar {
    /// The parameters that the method at hand has, by the names that they have in a profile.
    public struct MethodParameters: Sendable, Equatable, Codable {
        /// Without those that the engine which wrote the sidecar did not have. Of levels that are gone through progressively
        /// there is no list.
        public private(set) var values: [String: ParameterValue] = [:]

        init(_ profile: Profile) {
            add(profile.parameters, of: profile.method)
            add(profile.baselineParameters, of: profile.method)
        }

        /// The parameters of color transfer.
        public init(_ parameters: NormalizationParameters) { add(parameters, of: .colorTransfer) }

        private mutating func add<Owner: DeclaredParameters>(_ owner: Owner, of method: NormalizationMethod) {
            for declaration in Owner.declarations where declaration.methods.contains(method) {
                values[declaration.key] = declaration.get(owner)
            }
        }

        public init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            func read<Owner: DeclaredParameters>(_ owner: Owner.Type) throws {
                for declaration in Owner.declarations {
                    values[declaration.key] = try container.value(declaration.kind, at: Key(declaration.key))
                }
            }
            try read(NormalizationParameters.self)
            try read(BaselineParameters.self)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            for (key, value) in values {
                switch value {
                case .flag(let flag): try container.encode(flag, forKey: Key(key))
                case .integer(let number): try container.encode(number, forKey: Key(key))
                case .number(let number): try container.encode(number, forKey: Key(key))
                case .word(let word): try container.encode(word, forKey: Key(key))
                case .levels(let list): try container.encode(list, forKey: Key(key))
                }
            }
        }

        /// A parameter's key in the spelling of properties, which coders turn to that of files and back.
        fileprivate struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }

            init(_ key: String) {
                let words = key.split(separator: "_")
                stringValue = words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
            }

            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }
    }
}

extension KeyedDecodingContainer<Sidecar.MethodParameters.Key> {
    /// A parameter's value; nil where it is missing.
    fileprivate func value(_ kind: ParameterKind, at key: Key) throws -> ParameterValue? {
        switch kind {
        case .flag: try decodeIfPresent(Bool.self, forKey: key).map(ParameterValue.flag)
        case .integer: try decodeIfPresent(Int.self, forKey: key).map(ParameterValue.integer)
        case .number: try decodeIfPresent(Float.self, forKey: key).map(ParameterValue.number)
        case .word: try decodeIfPresent(String.self, forKey: key).map(ParameterValue.word)
        case .levels: try decodeIfPresent([Int].self, forKey: key).map(ParameterValue.levels)
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
