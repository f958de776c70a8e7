import Config
import Foundation
import NCTEngine

/// All that a profile says, by its keys, with defaults filled in: what counts for its method.
struct ProfileSettings {
    private(set) var values: [String: String] = [:]
    private(set) var references: [Sidecar.FileOrigin] = []

    /// Parts of a profile that are looked at by themselves; all others are told as they are.
    private static let own = [
        "name", "path", "text", "references", "parameters", "baselineParameters", "thresholds", "palette", "flatField",
        "weights", "capturePalette",
    ]

    init(_ profile: Profile, weights: String?) throws {
        let encoded = try JSONText.encode(Sidecar.MethodParameters(profile))
        for (key, value) in try JSONDecoder().decode([String: JSONValue].self, from: encoded) {
            values[key] = value.text
        }
        values["name"] = JSONValue.text(profile.name).text
        values["seed"] = String(profile.parameters.seed)
        for child in Mirror(reflecting: profile).children {
            guard let name = child.label, !Self.own.contains(name) else { continue }
            values[Self.key(name)] = Self.text(child.value)
        }
        for child in Mirror(reflecting: profile.thresholds).children where child.label != "rules" {
            values[child.label.map(Self.key) ?? ""] = Self.text(child.value)
        }
        let rules = profile.thresholds.rules
        values["verdict.fields"] = Self.text(rules.fields)
        for kind in QualityReport.Finding.Kind.allCases {
            values["verdict.\(kind.name)"] = Self.text(rules.effects[kind] ?? .measured)
        }
        if case .file(let path) = profile.flatField {
            values["flat_field"] = try Self.file(path)
        } else {
            values["flat_field"] = JSONValue.text(profile.flatField.text).text
        }
        values["capture_palette"] = try profile.capturePalette.map(Self.file)
        if profile.method.usesFeatures {
            values["weights"] = try (profile.weights ?? weights).map(Self.file)
        } else {
            values["features"] = nil
        }
        references = try profile.references.map {
            Sidecar.FileOrigin(path: PreparedEngine.absolute($0), sha256: try FileDigest.sha256(path: $0))
        }
    }

    /// A file by its name and its digest: what is in it counts.
    private static func file(_ path: String) throws -> String {
        "\(JSONValue.text((path as NSString).lastPathComponent).text) (\(try FileDigest.sha256(path: path).prefix(16)))"
    }

    /// `belowThreshold` as `below_threshold`.
    private static func key(_ name: String) -> String {
        name.reduce("") { $0 + ($1.isUppercase ? "_" + $1.lowercased() : String($1)) }
    }

    /// A value as a profile writes it; nil for one that is left out.
    private static func text(_ value: Any) -> String? {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional { return mirror.children.first.flatMap { text($0.value) } }
        if let word = value as? any RawRepresentable, let text = word.rawValue as? String {
            return JSONValue.text(text).text
        }
        if let text = value as? String { return JSONValue.text(text).text }
        return String(describing: value)
    }

    /// What another value of a key changes.
    static func effect(of key: String) -> ProfileDifference.Effect {
        switch key {
        case "name": .name
        case "learn_after": .learning
        case "below_threshold": .delivery
        case "sample_bits", "pages", "page": .reading
        case _ where key.hasPrefix("minimum_") || key.hasPrefix("maximum_") || key.hasPrefix("verdict."): .verdicts
        default: .pixels
        }
    }
}

/// A value of JSON, to be shown.
private enum JSONValue: Decodable {
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else {
            self = .list(try container.decode([JSONValue].self))
        }
    }

    var text: String {
        switch self {
        case .bool(let value): String(value)
        case .number(let value): value == value.rounded() && abs(value) < 1e9 ? String(Int(value)) : String(value)
        case .text(let value): "\"\(value)\""
        case .list(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
        }
    }
}
