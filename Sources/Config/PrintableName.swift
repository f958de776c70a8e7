/// File names for people: bytes of any kind on one line.
public enum PrintableName {
    /// What is no UTF-8, a control character or a backslash stands as `\\xNN`, byte by byte.
    public static func text(_ bytes: some Sequence<UInt8>) -> String {
        func escaped(_ byte: UInt8) -> String {
            let digits = String(byte, radix: 16, uppercase: true)
            return "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
        var text = ""
        var rest = Array(bytes)[...]
        while let first = rest.first {
            let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
            let encoded = rest.prefix(length)
            if let scalar = String(validating: encoded, as: UTF8.self)?.unicodeScalars.first,
                scalar != "\\",
                ![.control, .format, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
            {
                text.unicodeScalars.append(scalar)
                rest.removeFirst(encoded.count)
            } else {
                text += escaped(first)
                rest.removeFirst()
            }
        }
        return text
    }

    /// The same of a path that is text already; a backslash in it stays, as it cannot be one of ours.
    public static func text(_ path: String) -> String {
        path.unicodeScalars.contains {
            [.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
            ? text(path.utf8) : path
    }
}
