/// Finds the line on which a key of a TOML document stands.
///
/// The TOML library tells positions only for documents that it cannot parse. This scans a document that it *can*
/// parse, and notes the line of every key: bare, quoted and dotted keys, tables, arrays of tables, inline tables, and
/// the elements of arrays. Strings of all four kinds and comments are stepped over. On a document that is no TOML it
/// ends early with what it found.
public struct KeyLocator: Sendable {
    private var lines: [[String]: Int] = [:]

    /// Cost: linear in the text.
    public init(_ text: String) {
        var scanner = Scanner(bytes: Array(text.utf8))
        scanner.scanDocument()
        lines = scanner.lines
    }

    /// The line, 1 and up, on which a key or a table was first named; elements of arrays are named by their index.
    public func line(of path: [String]) -> Int? { lines[path] }

    /// The line of the key, or else of the nearest table around it that stands in the text.
    public func nearestLine(of path: [String]) -> Int? {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            path.removeLast()
        }
        return nil
    }
}

private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var lines: [[String]: Int] = [:]
    var tableCounts: [[String]: Int] = [:]

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func at(_ offset: Int) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func advance() {
        if current == UInt8(ascii: "\n") { line += 1 }
        position += 1
    }

    private mutating func note(_ path: [String], at line: Int) {
        if lines[path] == nil { lines[path] = line }
    }

    // MARK: Document

    mutating func scanDocument() {
        var table: [String] = []
        while skipBlank(), let byte = current {
            let start = position
            if byte == UInt8(ascii: "[") {
                table = scanHeader()
            } else {
                scanAssignment(under: table)
            }
            if position == start { return }
        }
    }

    private mutating func scanHeader() -> [String] {
        let isArray = at(1) == UInt8(ascii: "[")
        let headerLine = line
        for _ in 0..<(isArray ? 2 : 1) { advance() }
        var path = resolved(scanKey())
        while current == UInt8(ascii: "]") { advance() }
        if isArray {
            note(path, at: headerLine)
            let index = tableCounts[path, default: 0]
            tableCounts[path] = index + 1
            path.append(String(index))
        }
        for length in 1...max(1, path.count) where length <= path.count {
            note(Array(path.prefix(length)), at: headerLine)
        }
        return path
    }

    /// A header `[a.b]` below an array of tables `[[a]]` means the last element of `a`.
    private func resolved(_ path: [String]) -> [String] {
        var result: [String] = []
        for (index, part) in path.enumerated() {
            result.append(part)
            if index < path.count - 1, let count = tableCounts[result] { result.append(String(count - 1)) }
        }
        return result
    }

    private mutating func scanAssignment(under table: [String]) {
        let keyLine = line
        let key = scanKey()
        guard !key.isEmpty, current == UInt8(ascii: "=") else { return }
        for length in 1...key.count { note(table + key.prefix(length), at: keyLine) }
        advance()
        scanValue(table + key)
    }

    // MARK: Keys

    /// A dotted key; stops at what follows it.
    private mutating func scanKey() -> [String] {
        var parts: [String] = []
        while true {
            skipSpaces()
            guard let byte = current else { return parts }
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                parts.append(scanString())
            } else {
                let start = position
                while let byte = current, Self.isBare(byte) { advance() }
                guard position > start else { return parts }
                parts.append(String(decoding: bytes[start..<position], as: UTF8.self))
            }
            skipSpaces()
            guard current == UInt8(ascii: ".") else { return parts }
            advance()
        }
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            return true
        default:
            return false
        }
    }

    // MARK: Values

    private mutating func scanValue(_ path: [String]) {
        skipSpaces()
        guard let byte = current else { return }
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = scanString()
        case UInt8(ascii: "["): scanArray(path)
        case UInt8(ascii: "{"): scanInlineTable(path)
        default:
            while let byte = current, !Self.endsScalar(byte) { advance() }
        }
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") || byte == UInt8(ascii: "}")
            || byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\n")
    }

    private mutating func scanArray(_ path: [String]) {
        advance()
        var index = 0
        while skipBlank(), let byte = current, byte != UInt8(ascii: "]") {
            let start = position
            if byte == UInt8(ascii: ",") {
                advance()
                continue
            }
            note(path + [String(index)], at: line)
            scanValue(path + [String(index)])
            index += 1
            if position == start { return }
        }
        advance()
    }

    private mutating func scanInlineTable(_ path: [String]) {
        advance()
        while skipBlank(), let byte = current, byte != UInt8(ascii: "}") {
            let start = position
            if byte == UInt8(ascii: ",") {
                advance()
                continue
            }
            scanAssignment(under: path)
            if position == start { return }
        }
        advance()
    }

    /// A string of any of the four kinds; the text between its quotes, escapes left as they are.
    private mutating func scanString() -> String {
        guard let quote = current else { return "" }
        let isLong = at(1) == quote && at(2) == quote
        let escapes = quote == UInt8(ascii: "\"")
        for _ in 0..<(isLong ? 3 : 1) { advance() }
        let start = position
        while let byte = current {
            if escapes, byte == UInt8(ascii: "\\") {
                advance()
                if current != nil { advance() }
                continue
            }
            if byte == quote, !isLong || (at(1) == quote && at(2) == quote && at(3) != quote) { break }
            if byte == UInt8(ascii: "\n"), !isLong { break }
            advance()
        }
        let text = String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self)
        for _ in 0..<(isLong ? 3 : 1) where current == quote { advance() }
        return text
    }

    // MARK: Blanks

    private mutating func skipSpaces() {
        while let byte = current, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
    }

    /// Skips spaces, line ends and comments; false at the end of the text.
    private mutating func skipBlank() -> Bool {
        while let byte = current {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): advance()
            case UInt8(ascii: "#"): while let byte = current, byte != UInt8(ascii: "\n") { advance() }
            default: return true
            }
        }
        return false
    }
}
