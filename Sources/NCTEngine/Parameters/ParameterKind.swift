/// The value of a parameter, whatever its type.
public enum ParameterValue: Sendable, Equatable {
    case flag(Bool)
    case integer(Int)
    case number(Float)
    case word(String)
    case levels([Int])

    /// As help and messages have it: `16`, `0.0002`, `balanced`.
    public var text: String {
        switch self {
        case .flag(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): Self.text(value)
        case .word(let value): value
        case .levels(let value): value.map(String.init).joined(separator: ",")
        }
    }

    /// A number without decimals where it has none, and without zeros in the exponent: `8`, `1e-8`.
    static func text(_ number: some BinaryFloatingPoint & LosslessStringConvertible) -> String {
        let text = String(number)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text.replacing("e-0", with: "e-")
    }
}

/// Which values a parameter takes.
public enum ParameterKind: Sendable, Equatable {
    case flag
    case integer(ClosedRange<Int>)
    case number(ClosedRange<Double>)
    /// One of a few words.
    case word([String])
    /// Different whole numbers, none where the parameters have other levels than a list.
    case levels(ClosedRange<Int>)

    /// Whether a value is of this kind and in its range; numbers are compared as they are kept, in single precision.
    public func takes(_ value: ParameterValue) -> Bool {
        switch (self, value) {
        case (.flag, .flag): true
        case (.integer(let range), .integer(let number)): range.contains(number)
        case (.number(let range), .number(let number)):
            number >= Float(range.lowerBound) && number <= Float(range.upperBound)
        case (.word(let words), .word(let word)): words.contains(word)
        case (.levels(let range), .levels(let list)):
            list.allSatisfy(range.contains) && Set(list).count == list.count
        default: false
        }
    }

    /// What it takes, in words: `1 to 64`, `plain or balanced`.
    public var range: String {
        switch self {
        case .flag: "true or false"
        case .integer(let range): "\(range.lowerBound) to \(range.upperBound)"
        case .number(let range):
            "\(ParameterValue.text(range.lowerBound)) to \(ParameterValue.text(range.upperBound))"
        case .word(let words): words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        case .levels(let range): "one or more different levels from \(range.lowerBound) to \(range.upperBound)"
        }
    }
}
