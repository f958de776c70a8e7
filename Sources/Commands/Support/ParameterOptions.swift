import ArgumentParser
import NCTEngine

/// An option for each parameter that `Owner` declares.
///
/// The library finds a type's options by looking at its properties, and decodes them by those names. Here the declarations
/// stand for properties: the mirror has one for each, and decoding goes through them.
struct ParameterOptions<Owner: DeclaredParameters>: ParsableArguments, CustomReflectable {
    /// What was given, by the parameters' keys.
    private(set) var given: [String: ParameterValue] = [:]

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for declaration in Owner.declarations {
            let key = Key(stringValue: declaration.key)
            given[declaration.key] =
                try declaration.kind == .flag
                ? container.decode(Flag<Bool?>.self, forKey: key).wrappedValue.map(ParameterValue.flag)
                : container.decode(Option<ParameterValue?>.self, forKey: key).wrappedValue
        }
    }

    var customMirror: Mirror {
        Mirror(
            self,
            children: Owner.declarations.map { declaration -> Mirror.Child in
                (label: declaration.key, value: declaration.argument)
            })
    }

    /// Puts what was given in place of the parameters' values.
    func override(_ parameters: inout Owner) {
        for declaration in Owner.declarations {
            if let value = given[declaration.key] { declaration.set(&parameters, value) }
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension Parameter {
    /// The option or flag that sets it.
    fileprivate var argument: Any {
        let name = NameSpecification.customLong(option)
        let text = ArgumentHelp(
            help, discussion: details.isEmpty ? nil : details, valueName: kind.valueName)
        guard kind != .flag else { return Flag<Bool?>(name: name, inversion: .prefixedNo, help: text) }
        return Option<ParameterValue?>(
            name: name, parsing: .unconditional, help: text, completion: kind.completion
        ) { [kind] (text: String) throws -> ParameterValue in
            guard let value = kind.value(text), kind.takes(value) else {
                throw ValidationError("use \(kind.range)")
            }
            return value
        }
    }
}

extension ParameterKind {
    fileprivate var valueName: String {
        switch self {
        case .flag: ""
        case .integer: "n"
        case .number: "x"
        case .word: "name"
        case .levels: "L[,L…]"
        }
    }

    fileprivate var completion: CompletionKind? {
        if case .word(let words) = self { .list(words) } else { nil }
    }

    /// A value as it is written on the command line; nil for what is none.
    fileprivate func value(_ text: String) -> ParameterValue? {
        switch self {
        case .flag: return nil
        case .integer: return Int(text).map(ParameterValue.integer)
        case .number: return Float(text).map(ParameterValue.number)
        case .word: return .word(text)
        case .levels:
            let parts = text.split(separator: ",", omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Int($0.filter { $0 != " " }) }
            return numbers.count == parts.count ? .levels(numbers) : nil
        }
    }
}
