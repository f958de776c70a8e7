import Config

/// The name of a file below a watched root, as the file system has it: bytes, not text. Or one of the file's further pages,
/// where each of them is a capture of its own.
///
/// No component is empty, `.` or `..`, and there is no leading slash. Any byte but zero may stand in it. A page has its
/// number behind a zero byte: no file has such a name, and whoever hands it to the system gets the file.
public struct CapturePath: Sendable, Hashable, Comparable {
    public let bytes: [UInt8]
    /// Which page of the file, from 2 on; nil for the file, and so for its first page.
    public let page: Int?

    /// Takes over the bytes of a relative path; nil if it is empty, absolute, or has an empty, `.` or `..` component or
    /// a zero byte that no page's number follows.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        let file = bytes.prefix { $0 != 0 }
        guard !file.isEmpty else { return nil }
        for component in file.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        where component.isEmpty || component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
            return nil
        }
        let digits = bytes[file.endIndex...].dropFirst()
        page = digits.isEmpty ? nil : Self.pageNumber(digits)
        guard bytes.count == file.count || page != nil else { return nil }
        self.bytes = bytes
    }

    public init?(_ text: String) { self.init(bytes: text.utf8) }

    private static func pageNumber(_ digits: ArraySlice<UInt8>) -> Int? {
        guard digits.count <= 6, digits.first != UInt8(ascii: "0"),
            digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
            let number = Int(String(decoding: digits, as: UTF8.self)), number >= 2
        else { return nil }
        return number
    }

    private var fileBytes: ArraySlice<UInt8> { page == nil ? bytes[...] : bytes.prefix { $0 != 0 } }

    /// The file, of whichever page.
    public var file: CapturePath { page == nil ? self : CapturePath(bytes: fileBytes) ?? self }

    /// A page of the file; the first is the file itself.
    public func page(_ number: Int) -> CapturePath {
        CapturePath(bytes: fileBytes + [0] + Array(String(number).utf8)) ?? file
    }

    /// The last component, of a page the file's.
    public var name: ArraySlice<UInt8> {
        let file = fileBytes
        return file[(file.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...]
    }

    /// The path without its last component; nil at the top of the root.
    public var parent: CapturePath? {
        bytes.lastIndex(of: UInt8(ascii: "/")).flatMap { CapturePath(bytes: bytes[..<$0]) }
    }

    /// By bytes, so that the order is the same in every locale.
    public static func < (first: CapturePath, second: CapturePath) -> Bool {
        first.bytes.lexicographicallyPrecedes(second.bytes)
    }
}

extension CapturePath: CustomStringConvertible {
    /// Printable on one line whatever the bytes: what is no UTF-8, a control character or a backslash stands as `\xNN`.
    public var description: String { Self.printable(fileBytes) + (page.map { Self.note(ofPage: $0) } ?? "") }

    private static func note(ofPage number: Int) -> String { " (page \(number))" }

    /// The page that a name means which has a page's number behind it as ``description`` shows it; nil for any other.
    public var named: CapturePath? {
        guard page == nil, let open = bytes.lastIndex(of: UInt8(ascii: "(")), open > bytes.startIndex else {
            return nil
        }
        let digits = bytes[(open + 1)...].dropFirst("page ".utf8.count).dropLast()
        guard let number = Self.pageNumber(digits), bytes[(open - 1)...].elementsEqual(Self.note(ofPage: number).utf8)
        else { return nil }
        return CapturePath(bytes: bytes[..<(open - 1)])?.page(number)
    }

    /// True if ``description`` is the name itself, with nothing escaped.
    public var isPlain: Bool { description.utf8.elementsEqual(bytes) }

    /// Any bytes as ``description`` shows them.
    public static func printable(_ bytes: some Sequence<UInt8>) -> String { PrintableName.text(bytes) }

    /// The bytes that ``printable(_:)`` made a text of.
    public static func bytes(printable text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let first = rest.popFirst() {
            let digits = rest.dropFirst().prefix(2)
            if first == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), digits.count == 2,
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            {
                bytes.append(byte)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(first)
            }
        }
        return bytes
    }
}
