import Foundation

/// Checks JSON against the part of JSON Schema that this project's schemas use: `type`, `const`, `enum`, `required`,
/// `properties`, `additionalProperties`, `items`, `minItems`, `maxItems`, `minimum`, `maximum`, `pattern`, `anyOf`,
/// and `$ref` to `#/$defs`. A keyword that it does not know is an error of the test, not something to pass over.
public struct JSONSchema {
    private let root: [String: Any]

    public init(json: Data) throws {
        guard let object = try JSONSerialization.jsonObject(with: json) as? [String: Any] else {
            throw CocoaError(.propertyListReadCorrupt)
        }
        root = object
    }

    /// What is wrong with a document, one line a violation; empty if it conforms.
    public func violations(of json: Data) throws -> [String] {
        check(try JSONSerialization.jsonObject(with: json, options: .fragmentsAllowed), root, at: "$")
    }

    private static let known: Set<String> = [
        "$schema", "title", "description", "$defs", "$ref", "type", "const", "enum", "required", "properties",
        "additionalProperties", "items", "minItems", "maxItems", "minimum", "maximum", "pattern", "anyOf",
    ]

    private func check(_ value: Any, _ schema: [String: Any], at place: String) -> [String] {
        var found = schema.keys.filter { !Self.known.contains($0) }.map {
            "\(place): the schema has \($0), unknown here"
        }
        if let reference = schema["$ref"] as? String {
            guard let definitions = root["$defs"] as? [String: [String: Any]],
                let target = definitions[String(reference.dropFirst("#/$defs/".count))]
            else { return found + ["\(place): no definition \(reference)"] }
            found += check(value, target, at: place)
        }
        if let choices = schema["anyOf"] as? [[String: Any]] {
            // What the nearest of them finds wrong says most.
            found += choices.map { check(value, $0, at: place) }.min { $0.count < $1.count } ?? []
        }
        if let type = schema["type"] as? String, !Self.matches(value, type) { found.append("\(place): is no \(type)") }
        if let constant = schema["const"], !Self.equal(value, constant) { found.append("\(place): is not \(constant)") }
        if let values = schema["enum"] as? [Any], !values.contains(where: { Self.equal(value, $0) }) {
            found.append("\(place): \(value) is none of \(values)")
        }
        if let text = value as? String, let pattern = schema["pattern"] as? String,
            text.range(of: pattern, options: .regularExpression) == nil
        {
            found.append("\(place): \(text) does not match \(pattern)")
        }
        if Self.matches(value, "number"), let number = (value as? NSNumber)?.doubleValue {
            if let least = (schema["minimum"] as? NSNumber)?.doubleValue, number < least {
                found.append("\(place): \(number) < \(least)")
            }
            if let most = (schema["maximum"] as? NSNumber)?.doubleValue, number > most {
                found.append("\(place): \(number) > \(most)")
            }
        }
        if let array = value as? [Any] { found += check(array, schema, at: place) }
        if let object = value as? [String: Any] { found += check(object, schema, at: place) }
        return found
    }

    private func check(_ array: [Any], _ schema: [String: Any], at place: String) -> [String] {
        var found: [String] = []
        if let least = schema["minItems"] as? Int, array.count < least { found.append("\(place): too few elements") }
        if let most = schema["maxItems"] as? Int, array.count > most { found.append("\(place): too many elements") }
        if let items = schema["items"] as? [String: Any] {
            for (index, item) in array.enumerated() { found += check(item, items, at: "\(place)[\(index)]") }
        }
        return found
    }

    private func check(_ object: [String: Any], _ schema: [String: Any], at place: String) -> [String] {
        var found: [String] = []
        for key in schema["required"] as? [String] ?? [] where object[key] == nil {
            found.append("\(place).\(key): is missing")
        }
        let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
        for (key, value) in object {
            if let inner = properties[key] {
                found += check(value, inner, at: "\(place).\(key)")
            } else if let inner = schema["additionalProperties"] as? [String: Any] {
                found += check(value, inner, at: "\(place).\(key)")
            } else if schema["additionalProperties"] as? Bool == false {
                found.append("\(place).\(key): is not in the schema")
            }
        }
        return found
    }

    private static func matches(_ value: Any, _ type: String) -> Bool {
        switch type {
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "string": return value is String
        case "boolean": return isBoolean(value)
        case "null": return value is NSNull
        case "number": return value is NSNumber && !isBoolean(value)
        case "integer":
            guard let number = value as? NSNumber, !isBoolean(value) else { return false }
            return number.doubleValue == number.doubleValue.rounded()
        default: return false
        }
    }

    /// Foundation keeps booleans and numbers in one class; only the type's code tells them apart.
    private static func isBoolean(_ value: Any) -> Bool {
        if value is NSNull || value is String { return false }
        guard let number = value as? NSNumber else { return false }
        return number === (true as NSNumber) || number === (false as NSNumber)
            || String(cString: number.objCType) == "c" || String(cString: number.objCType) == "B"
    }

    private static func equal(_ first: Any, _ second: Any) -> Bool {
        if let first = first as? String, let second = second as? String { return first == second }
        if let first = first as? NSNumber, let second = second as? NSNumber { return first == second }
        return false
    }
}
