/// Walks a TOML document's structure: finds the line of every key, and the first place where the text is no TOML.
///
/// Strict about all that places keys and values: headers, keys, quotes, brackets, what separates them, and about what a
/// value without quotes may be (``TOMLScalar``). Cost: linear in the text; nesting is bounded, so that no text can use up
/// the stack.
///
/// Source: TOML 1.0.0.
struct TOMLScanner {
    /// Where a document is no TOML, and why.
    struct Problem: Error, Equatable {
        let line: Int
        let message: String
    }

    /// The most parts of a key, and the most brackets and braces in each other.
    static let deepest = 64

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var depth = 0
    private(set) var lines: [[String]: Int] = [:]
    private var tableCounts: [[String]: Int] = [:]

    init(_ text: String) { bytes = Array(text.utf8) }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func at(_ offset: Int) -> UInt8? {
        position + offset < bytes.count ? bytes[position + offset] : nil
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count {
            if current == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func note(_ path: [String], at line: Int) {
        if lines[path] == nil { lines[path] = line }
    }

    private func problem(_ message: String) -> Problem { Problem(line: line, message: message) }

    /// What stands here, for a message.
    private var here: String {
        guard let byte = current else { return "the end of the file" }
        if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { return "the end of the line" }
        let printable = (0x21...0x7E).contains(byte)
        return printable ? "\"\(Character(Unicode.Scalar(byte)))\"" : "a character that may not stand here"
    }

    // MARK: Document

    mutating func scanDocument() throws(Problem) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        var table: [String] = []
        while skipBlank(), let byte = current {
            if byte == UInt8(ascii: "[") {
                table = try scanHeader()
            } else {
                try scanAssignment(under: table)
            }
            try endLine()
        }
    }

    private mutating func scanHeader() throws(Problem) -> [String] {
        let isArray = at(1) == UInt8(ascii: "[")
        let headerLine = line
        advance(isArray ? 2 : 1)
        var path = resolved(try scanKey())
        guard current == UInt8(ascii: "]"), !isArray || at(1) == UInt8(ascii: "]") else {
            throw problem("a table's name ends with \(isArray ? "]]" : "]"), and here stands \(here)")
        }
        advance(isArray ? 2 : 1)
        if isArray {
            note(path, at: headerLine)
            let index = tableCounts[path, default: 0]
            tableCounts[path] = index + 1
            path.append(String(index))
        }
        for length in 1...path.count { note(Array(path.prefix(length)), at: headerLine) }
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

    private mutating func scanAssignment(under table: [String]) throws(Problem) {
        let keyLine = line
        let key = try scanKey()
        guard current == UInt8(ascii: "=") else {
            throw problem("after the key \(key.joined(separator: ".")) comes =, and here stands \(here)")
        }
        for length in 1...key.count { note(table + key.prefix(length), at: keyLine) }
        advance()
        try scanValue(table + key)
    }

    /// After a header or an assignment nothing but a comment may stand on the line.
    private mutating func endLine() throws(Problem) {
        skipSpaces()
        if current == UInt8(ascii: "\r"), at(1) == UInt8(ascii: "\n") { return }
        guard current == nil || current == UInt8(ascii: "\n") || current == UInt8(ascii: "#") else {
            throw problem("the line should end here, and here stands \(here)")
        }
    }

    // MARK: Keys

    /// A dotted key of one part at least; stops at what follows it.
    private mutating func scanKey() throws(Problem) -> [String] {
        var parts: [String] = []
        while true {
            skipSpaces()
            guard parts.count < Self.deepest else { throw problem("a key has more than \(Self.deepest) parts") }
            if let byte = current, byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                guard at(1) != byte || at(2) != byte else { throw problem("a key may not have three quotes") }
                parts.append(try scanString())
            } else {
                let start = position
                while let byte = current, Self.isBare(byte) { advance() }
                guard position > start else {
                    throw problem("a key should stand here, and here stands \(here)")
                }
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

    private mutating func scanValue(_ path: [String]) throws(Problem) {
        skipSpaces()
        switch current {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): _ = try scanString()
        case UInt8(ascii: "["):
            try nested { (scanner: inout TOMLScanner) throws(Problem) in try scanner.scanArray(path) }
        case UInt8(ascii: "{"):
            try nested { (scanner: inout TOMLScanner) throws(Problem) in try scanner.scanInlineTable(path) }
        default:
            let start = position
            while let byte = current, Self.isScalar(byte) { advance() }
            guard position > start else { throw problem("a value should stand here, and here stands \(here)") }
            let text = String(decoding: bytes[start..<position], as: UTF8.self)
            guard TOMLScalar.isValid(text) else {
                let shown = text.count > 40 ? text.prefix(40) + "…" : text[...]
                throw problem("\(shown) is no number, and neither true nor false; a text stands between quotes")
            }
        }
    }

    private mutating func nested(_ scan: (inout TOMLScanner) throws(Problem) -> Void) throws(Problem) {
        guard depth < Self.deepest else { throw problem("brackets lie more than \(Self.deepest) deep in each other") }
        depth += 1
        try scan(&self)
        depth -= 1
    }

    /// Of numbers, dates, true and false, so that each of these is one value.
    private static func isScalar(_ byte: UInt8) -> Bool {
        isBare(byte) || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":")
    }

    private mutating func scanArray(_ path: [String]) throws(Problem) {
        advance()
        var index = 0
        while true {
            guard skipBlank() else { throw problem("a list is not closed with ]") }
            if current == UInt8(ascii: "]") { break }
            note(path + [String(index)], at: line)
            try scanValue(path + [String(index)])
            index += 1
            guard skipBlank() else { throw problem("a list is not closed with ]") }
            if current == UInt8(ascii: "]") { break }
            guard current == UInt8(ascii: ",") else {
                throw problem("a comma or ] should stand here, and here stands \(here)")
            }
            advance()
        }
        advance()
    }

    private mutating func scanInlineTable(_ path: [String]) throws(Problem) {
        advance()
        skipSpaces()
        while current != UInt8(ascii: "}") {
            try scanAssignment(under: path)
            skipSpaces()
            if current == UInt8(ascii: "}") { break }
            guard current == UInt8(ascii: ",") else {
                throw problem("a comma or } should stand here, and here stands \(here)")
            }
            advance()
            skipSpaces()
            guard current != UInt8(ascii: "}") else { throw problem("a comma may not stand before }") }
        }
        advance()
    }

    /// A string of any of the four kinds; the text between its quotes, escapes left as they are.
    private mutating func scanString() throws(Problem) -> String {
        guard let quote = current else { return "" }
        let (startLine, isLong) = (line, at(1) == quote && at(2) == quote)
        let escapes = quote == UInt8(ascii: "\"")
        advance(isLong ? 3 : 1)
        let start = position
        while let byte = current {
            if escapes, byte == UInt8(ascii: "\\") {
                advance()
                if current != nil { advance() }
                continue
            }
            // The last three of up to five quotes end a long one.
            if byte == quote, !isLong || (at(1) == quote && at(2) == quote && at(3) != quote) {
                let text = String(decoding: bytes[start..<position], as: UTF8.self)
                advance(isLong ? 3 : 1)
                return text
            }
            if byte == UInt8(ascii: "\n"), !isLong { break }
            if byte < 0x20 && ![0x09, 0x0A, 0x0D].contains(byte) || byte == 0x7F {
                throw problem("a text holds a control character")
            }
            advance()
        }
        throw Problem(line: startLine, message: "a text that begins here is not closed")
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
