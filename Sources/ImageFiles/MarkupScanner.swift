/// The elements of an XML text with their attributes, in order, for what instruments write about themselves.
///
/// Nothing is expanded, nothing is fetched, and nesting costs nothing; what is no markup is passed over, so that a damaged
/// text gives what of it can be read. At most 16 MiB and 100,000 elements are looked at.
struct MarkupScanner: Sequence, IteratorProtocol {
    struct Element: Equatable {
        /// Without a namespace's prefix.
        var name: String
        var attributes: [String: String] = [:]
        /// What stands between this tag and the next, without blanks at its ends.
        var text = ""

        subscript(_ attribute: String) -> String? { attributes[attribute] }
    }

    private let bytes: ArraySlice<UInt8>
    private var at: Int
    private var left = 100_000

    init(_ text: some Collection<UInt8>) {
        bytes = ArraySlice(text.prefix(16 << 20))
        at = bytes.startIndex
    }

    /// The next opening tag; instructions, comments, declarations and closing tags are passed over.
    mutating func next() -> Element? {
        while left > 0, let open = bytes[at...].firstIndex(of: UInt8(ascii: "<")) {
            left &-= 1
            let start = bytes.index(after: open)
            guard let close = end(of: start) else { break }
            at = bytes.index(after: close)
            guard let first = bytes[start..<close].first, first != UInt8(ascii: "/"), first != UInt8(ascii: "!"),
                first != UInt8(ascii: "?")
            else { continue }
            var element = Self.element(bytes[start..<close])
            let following = bytes[at...].prefix { $0 != UInt8(ascii: "<") }
            element.text = Self.unescaped(following.prefix(4096)).trimmed
            return element
        }
        at = bytes.endIndex
        return nil
    }

    /// Where the tag ends; a `>` within quotation marks is none.
    private func end(of start: Int) -> Int? {
        var quote: UInt8?
        for index in start..<bytes.endIndex {
            let byte = bytes[index]
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else if byte == UInt8(ascii: ">") {
                return index
            }
        }
        return nil
    }

    private static func element(_ tag: ArraySlice<UInt8>) -> Element {
        func isBlank(_ byte: UInt8) -> Bool { byte <= 32 }
        func isNameEnd(_ byte: UInt8) -> Bool {
            isBlank(byte) || byte == UInt8(ascii: "=") || byte == UInt8(ascii: "/")
        }
        var rest = tag
        func take(_ isEnd: (UInt8) -> Bool) -> String {
            let name = rest.prefix { !isEnd($0) }
            rest = rest.dropFirst(name.count)
            let text = String(decoding: name, as: UTF8.self)
            return text.split(separator: ":").last.map(String.init) ?? text
        }
        var element = Element(name: take(isNameEnd))
        while true {
            rest = rest.drop { isBlank($0) || $0 == UInt8(ascii: "/") }
            guard !rest.isEmpty else { return element }
            let name = take(isNameEnd)
            rest = rest.drop(while: isBlank)
            guard rest.first == UInt8(ascii: "=") else {
                if name.isEmpty { return element }
                continue
            }
            rest = rest.dropFirst().drop(while: isBlank)
            guard let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                return element
            }
            let value = rest.dropFirst().prefix { $0 != quote }
            rest = rest.dropFirst(value.count).dropFirst(2)
            if element.attributes[name] == nil { element.attributes[name] = unescaped(value) }
        }
    }

    /// The five entities that every XML text has; others stay as they are.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.contains("&") else { return text }
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")] {
            text = text.replacing(entity, with: character)
        }
        return text
    }
}

extension String {
    /// Without blanks and line ends at its ends.
    var trimmed: String {
        let blank: (Character) -> Bool = { $0.isWhitespace || $0 == "\0" }
        return String(drop(while: blank).reversed().drop(while: blank).reversed())
    }
}
