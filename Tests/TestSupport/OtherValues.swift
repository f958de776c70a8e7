import NCTEngine

extension Parameter {
    /// A value that it takes and that is not its default.
    public var otherValue: ParameterValue {
        switch (kind, get(Owner())) {
        case (.integer(let range), let value):
            .integer(value == .integer(range.lowerBound) ? range.lowerBound + 1 : range.lowerBound)
        case (.number(let range), let value):
            .number(Float(value == .number(Float(range.lowerBound)) ? range.upperBound : range.lowerBound))
        case (.word(let words), let value): .word(words.first { .word($0) != value } ?? "")
        case (.levels, _): .levels([2])
        case (.flag, let value): .flag(value == .flag(false))
        }
    }
}
