/// A value without quotes, as TOML 1.0.0 has it: a number, `true` or `false`. Dates and times, which it has as well and no
/// setting takes, are none here: the library that reads documents can end the process over one that is not whole.
struct TOMLScalar {
    private var rest: Substring

    /// Whether a text is one from its first character to its last.
    static func isValid(_ text: String) -> Bool {
        if text == "true" || text == "false" { return true }
        for (prefix, digits) in [("0x", "0123456789abcdefABCDEF"), ("0o", "01234567"), ("0b", "01")]
        where text.hasPrefix(prefix) {
            var scalar = TOMLScalar(rest: text.dropFirst(2))
            return scalar.skip(digits) && scalar.rest.isEmpty
        }
        var scalar = TOMLScalar(rest: text[...])
        return scalar.skipNumber() && scalar.rest.isEmpty
    }

    private static let decimal = "0123456789"

    private mutating func skipNumber() -> Bool {
        skipSign()
        if rest == "inf" || rest == "nan" {
            rest = ""
            return true
        }
        let start = rest
        guard skip(Self.decimal) else { return false }
        let whole = start.dropLast(rest.count)
        // A leading zero would be octal elsewhere.
        guard whole == "0" || whole.first != "0" else { return false }
        if take(".") { guard skip(Self.decimal) else { return false } }
        if take("e") || take("E") {
            skipSign()
            guard skip(Self.decimal) else { return false }
        }
        return true
    }

    private mutating func skipSign() { _ = take("+") || take("-") }

    private mutating func take(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Digits, with single `_` between them; false if there is no digit, or a `_` elsewhere.
    private mutating func skip(_ digits: String) -> Bool {
        repeat {
            let run = rest.prefix { digits.contains($0) }
            guard !run.isEmpty else { return false }
            rest = rest.dropFirst(run.count)
        } while take("_")
        return true
    }
}
