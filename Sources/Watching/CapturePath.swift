import Config

/// The name of a file below a watched root, as the file system has it: bytes, not text.
///
/// No component is empty, `.` or `..`, and there is no leading slash. Any byte but zero may stand in it.
public struct CapturePath: Sendable, Hashable, Comparable {
    public let bytes: [UInt8]

    /// Takes over the bytes of a relative path; nil if it is empty, absolute, or has an empty, `.` or `..` component or
    /// a zero byte.
    public init?(bytes: some Sequence<UInt8>) {
        let bytes = Array(bytes)
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        for component in bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        where component.isEmpty || component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
            return nil
        }
        self.bytes = bytes
    }

    public init?(_ text: String) { self.init(bytes: text.utf8) }

    /// The last component.
    public var name: ArraySlice<UInt8> { bytes[(bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0)...] }

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
    public var description: String { Self.printable(bytes) }

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
