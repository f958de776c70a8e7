/// What is wrong with a pattern.
public struct GlobError: Error, Sendable, Equatable, CustomStringConvertible {
    public let message: String
    public let remedy: String

    public var description: String { message + "; " + remedy }
}

/// A pattern over names and paths, such as `*.tif` or `overview/**`. Case does not matter.
///
/// - `*` any run of characters but `/`; `?` one character but `/`; `[a-z]`, `[!0-9]` one character of (not of) a set;
///   `\` takes the next character as it is.
/// - `**/` any number of directories, none too; `/**` at the end all that lies below; `**` elsewhere means `*`.
/// - A pattern without `/` is matched against the last component of a path, one with `/` against the whole path below
///   the root; a leading `/` only anchors.
///
/// A character is a Unicode scalar, or one byte where the bytes are no UTF-8; characters are compared by their
/// lowercase mappings. Cost of a match: the product of the lengths, whatever the pattern.
public struct GlobPattern: Sendable, Equatable {
    private enum Token: Sendable, Equatable {
        case literal(UInt32)
        case one
        case run
        /// One character, `/` too; and any run of such.
        case anyOne, anyRun
        /// `**/` at the start of a component; the token after it stands for "inside a component that is passed over".
        case directories, insideDirectory
        case set(ranges: [ClosedRange<UInt32>], isNegated: Bool)
    }

    /// The pattern as it was written.
    public let text: String
    private var tokens: [Token] = []
    private let isForWholePath: Bool

    /// Reads a pattern. Throws ``GlobError`` if it is empty, or if a set or an escape is not ended.
    public init(_ text: String) throws(GlobError) {
        self.text = text
        var units = GlobText.units(Array(text.utf8))[...]
        isForWholePath = units.contains(GlobText.slash)
        if units.first == GlobText.slash { units.removeFirst() }
        guard !units.isEmpty else {
            throw GlobError(message: "the pattern is empty", remedy: "write one such as \"*.tif\"")
        }
        var atStart = true
        while let unit = units.popFirst() {
            switch unit {
            case GlobText.star:
                var count = 1
                while units.first == GlobText.star {
                    units.removeFirst()
                    count += 1
                }
                if count == 2, atStart, units.first == GlobText.slash {
                    units.removeFirst()
                    tokens += [.directories, .insideDirectory]
                    continue
                }
                // All that lies below, but not the directory itself.
                tokens += count == 2 && atStart && units.isEmpty && isForWholePath ? [.anyOne, .anyRun] : [.run]
            case UInt32(UInt8(ascii: "?")): tokens.append(.one)
            case UInt32(UInt8(ascii: "[")): tokens.append(try Self.set(&units, in: text))
            case UInt32(UInt8(ascii: "\\")):
                guard let next = units.popFirst() else {
                    throw GlobError(
                        message: "the pattern \"\(text)\" ends with \\", remedy: "write \\\\ for a backslash")
                }
                tokens.append(.literal(next))
            default: tokens.append(.literal(unit))
            }
            atStart = unit == GlobText.slash
        }
    }

    private static func set(_ units: inout ArraySlice<UInt32>, in text: String) throws(GlobError) -> Token {
        let unended = GlobError(
            message: "the pattern \"\(text)\" has a [ without ]", remedy: "end the set, or write \\[ for a bracket")
        var ranges: [ClosedRange<UInt32>] = []
        let isNegated = units.first == UInt32(UInt8(ascii: "!")) || units.first == UInt32(UInt8(ascii: "^"))
        if isNegated { units.removeFirst() }
        var isFirst = true
        while true {
            guard var low = units.popFirst() else { throw unended }
            if low == UInt32(UInt8(ascii: "]")), !isFirst { return .set(ranges: ranges, isNegated: isNegated) }
            isFirst = false
            if low == UInt32(UInt8(ascii: "\\")) {
                guard let next = units.popFirst() else { throw unended }
                low = next
            }
            var high = low
            if units.first == UInt32(UInt8(ascii: "-")), let end = units.dropFirst().first,
                end != UInt32(UInt8(ascii: "]"))
            {
                units.removeFirst(2)
                high = end
            }
            guard low <= high else {
                throw GlobError(
                    message: "the pattern \"\(text)\" has a range that runs backwards",
                    remedy: "write its lower end first")
            }
            ranges.append(low...high)
        }
    }

    // MARK: Matching

    /// True if the last component of a path below a root, or the whole path for a pattern with `/`, is matched from end
    /// to end.
    public func matches(path: [UInt8]) -> Bool {
        let start = isForWholePath ? 0 : (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        return matches(units: GlobText.units(Array(path[start...])))
    }

    /// True if a text, such as a camera's name, is matched from end to end. A `/` in it is a character like any other:
    /// objectives have it.
    public func matches(text: String) -> Bool {
        matches(units: GlobText.units(Array(text.utf8)).map { $0 == GlobText.slash ? GlobText.slashOfText : $0 })
    }

    private func matches(units: [UInt32]) -> Bool {
        var states = [Bool](repeating: false, count: tokens.count + 1)
        states[0] = true
        spread(&states)
        var next = states
        for unit in units {
            for index in next.indices { next[index] = false }
            var isAlive = false
            for index in tokens.indices where states[index] {
                guard let target = step(index, unit) else { continue }
                next[target] = true
                isAlive = true
            }
            guard isAlive else { return false }
            spread(&next)
            swap(&states, &next)
        }
        return states[tokens.count]
    }

    /// Goes on over what may match nothing.
    private func spread(_ states: inout [Bool]) {
        for (index, token) in tokens.enumerated() where states[index] {
            if token == .run || token == .anyRun { states[index + 1] = true }
            if token == .directories { states[index + 2] = true }
        }
    }

    private func step(_ index: Int, _ unit: UInt32) -> Int? {
        switch tokens[index] {
        case .literal(let wanted):
            return unit == wanted || (unit == GlobText.slashOfText && wanted == GlobText.slash) ? index + 1 : nil
        case .one: return unit != GlobText.slash ? index + 1 : nil
        case .run: return unit != GlobText.slash ? index : nil
        case .anyOne: return index + 1
        case .anyRun: return index
        case .directories: return unit != GlobText.slash ? index + 1 : nil
        case .insideDirectory: return unit != GlobText.slash ? index : index - 1
        case .set(let ranges, let isNegated):
            return unit != GlobText.slash && ranges.contains { $0.contains(unit) } != isNegated ? index + 1 : nil
        }
    }
}

/// Names as folded characters.
public enum GlobText {
    static let slash = UInt32(UInt8(ascii: "/"))
    /// In place of a slash that separates nothing. No character and no byte is folded to it.
    static let slashOfText = UInt32.max
    static let star = UInt32(UInt8(ascii: "*"))

    /// Lowercased scalars; a byte that is no UTF-8 stands above all scalars.
    public static func units(_ bytes: [UInt8]) -> [UInt32] {
        var units: [UInt32] = []
        units.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let first = rest.first {
            if first < 0x80 {
                units.append(UInt32((0x41...0x5A).contains(first) ? first | 0x20 : first))
                rest.removeFirst()
                continue
            }
            let encoded = rest.prefix(first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4)
            if let scalar = String(validating: encoded, as: UTF8.self)?.unicodeScalars.first {
                units += scalar.properties.lowercaseMapping.unicodeScalars.map(\.value)
                rest.removeFirst(encoded.count)
            } else {
                units.append(0x11_0000 + UInt32(first))
                rest.removeFirst()
            }
        }
        return units
    }
}
