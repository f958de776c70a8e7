import Files
import Glibc
import Watching

/// What the file system of a written tree makes of names, found out by trying: file systems and servers of other systems
/// have rules of their own, and no list of them would be true for long.
public struct NameRules: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// As on FAT and on Windows: no `" * : < > ? | \` and control characters, no dot and no space at the end of a name, no
    /// names of devices.
    public static let portable = NameRules(rawValue: 1)
    /// Names are UTF-8.
    public static let text = NameRules(rawValue: 2)
    /// Names that differ in case alone are the same.
    public static let caseless = NameRules(rawValue: 4)
    /// Names are ASCII.
    public static let ascii = NameRules(rawValue: 8)
    /// A file has one name.
    public static let unlinked = NameRules(rawValue: 16)

    /// Those that a name may look otherwise by, in all combinations.
    static let ofNames = (0..<16).map(NameRules.init(rawValue:))

    /// For a person.
    public var words: [String] {
        [
            (NameRules.portable, #"no " * : < > ? | \ and no dot at the end (written as %3A and its like)"#),
            (.text, "UTF-8 alone (other bytes are written as %FF and their like)"),
            (.ascii, "ASCII alone (other letters are written as %C3%BC and their like)"),
            (.caseless, "names that differ in case alone are the same (they get different ones)"),
            (.unlinked, "no hard links (the same captures get copies)"),
        ].filter { contains($0.0) }.map(\.1)
    }

    // MARK: Trying

    /// Tries some hidden files. Throws ``TreeError`` where no file can be made at all.
    public static func found(in tree: OpenTree) throws(TreeError) -> NameRules {
        let start = NewFile.temporaryName(in: tree.place).dropLast(4)
        func path(_ middle: [UInt8]) -> [UInt8] { start + middle + Array(".tmp".utf8) }
        let plain = path(Array("a".utf8))
        let link = path(Array("l".utf8))
        defer { for path in [link, plain] { TreeFiles.remove(path) } }
        do throws(TreeError) {
            try TreeFiles.writeNew([], to: plain)
            var rules: NameRules = TreeFiles.exists(path(Array("A".utf8))) ? .caseless : []
            if try !keeps(path(Array("\u{1}\"*:<>?|\\".utf8)), in: tree) { rules.insert(.portable) }
            if try !keeps(path([0xFF]), in: tree) { rules.insert(.text) }
            if try !keeps(path(Array("\u{FC}\u{3B1}\u{8840}".utf8)), in: tree) { rules.insert(.ascii) }
            if try !TreeFiles.link(plain, to: link) { rules.insert(.unlinked) }
            return rules
        } catch {
            throw tree.named(error)
        }
    }

    /// Whether a file can be made under a name, and is listed by it.
    private static func keeps(_ path: [UInt8], in tree: OpenTree) throws(TreeError) -> Bool {
        do throws(TreeError) {
            try TreeFiles.writeNew([], to: path)
        } catch {
            // Not for its name, if another one cannot be made either.
            let other = NewFile.temporaryName(in: tree.place)
            try TreeFiles.writeNew([], to: other)
            TreeFiles.remove(other)
            return false
        }
        defer { TreeFiles.remove(path) }
        let name = path.dropFirst(tree.place.count + 1)
        return try TreeFiles.names(in: tree.place).contains { $0.name.elementsEqual(name) }
    }

    // MARK: Names by these rules

    /// The name of a file or folder with what is not allowed in it as `%3A` and its like. Two may become the same.
    func name(_ name: [UInt8]) -> [UInt8] {
        guard !isDisjoint(with: [.portable, .text, .ascii, .caseless]) else { return name }
        var escaped = Set<Int>()
        if contains(.portable) {
            escaped.formUnion(name.indices.filter { name[$0] < 32 || Self.refused.contains(name[$0]) })
            if let last = name.last, [UInt8(ascii: "."), UInt8(ascii: " ")].contains(last) {
                escaped.insert(name.count - 1)
            }
            let stem = String(decoding: name.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self).lowercased()
            if Self.devices.contains(stem) { escaped.insert(0) }
        }
        if contains(.ascii) {
            escaped.formUnion(name.indices.filter { name[$0] >= 0x80 })
        } else if let text = String(validating: name, as: UTF8.self) {
            var place = 0
            for scalar in text.unicodeScalars {
                let count = UTF8.width(scalar)
                if contains(.caseless), Self.isCased(scalar) { escaped.formUnion(place..<(place + count)) }
                place += count
            }
        } else if !isDisjoint(with: [.text, .caseless]) {
            escaped.formUnion(name.indices.filter { name[$0] >= 0x80 })
        }
        guard !escaped.isEmpty else { return name }
        return name.enumerated().flatMap { escaped.contains($0.offset) ? Self.escape($0.element) : [$0.element] }
    }

    /// Whether all parts of a name below a tree are allowed as they are.
    func allow(_ name: [UInt8]) -> Bool {
        name.split(separator: UInt8(ascii: "/")).allSatisfy { self.name(Array($0)) == Array($0) }
    }

    /// Whether a letter may count as another one that stays as it is: of ASCII the ledger knows upper and lower case; of
    /// others each file system thinks otherwise. Of the two small mu, which have one capital, the sign for micro stays.
    private static func isCased(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII || scalar == "\u{B5}" { return false }
        let (text, properties) = (String(scalar), scalar.properties)
        let capital = properties.uppercaseMapping
        return scalar == "\u{3BC}" || properties.lowercaseMapping != text
            || (capital.unicodeScalars.count == 1 && capital.lowercased() != text)
    }

    private static let refused = Set("\"*:<>?|\\".utf8)
    private static let devices = Set(
        ["con", "prn", "aux", "nul"] + (1...9).flatMap { ["com\($0)", "lpt\($0)"] })

    private static func escape(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}
