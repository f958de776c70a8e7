import Foundation
import Testing

/// Folders in an order in which none needs a type of one that comes after it.
///
/// Names are looked for, not members of extensions: what an extension adds to a type of an earlier folder is not held.
struct FolderChain {
    /// From the first on.
    let order: [String]
    /// By path from the folders' parent: `Core/Plane.swift`.
    let sources: [String: String]

    /// Source files and the types of later folders that they name, `Core/Plane.swift: Quality/QualityJudge`, sorted.
    var breaches: [String] {
        let places = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        let codes = sources.mapValues(Self.code)
        func place(_ path: String) -> Int { places[Self.folder(path)] ?? order.count }
        /// The first folder that declares a type of a name: for itself, and within another type.
        var (own, nested): ([String: Int], [String: Int]) = ([:], [:])
        for (path, code) in codes {
            for line in code.split(separator: "\n") {
                guard
                    let name = line.firstMatch(
                        of: #/\b(?:struct|class|enum|protocol|actor|typealias) ([A-Z]\w*)/#)?.1
                else { continue }
                let isNested = line.first == " " || line.hasPrefix("private") || line.hasPrefix("fileprivate")
                if isNested {
                    nested[String(name)] = min(nested[String(name)] ?? .max, place(path))
                } else {
                    own[String(name)] = min(own[String(name)] ?? .max, place(path))
                }
            }
        }
        return codes.flatMap { path, code in
            Self.names(in: code).filter { name in
                (own[name] ?? 0) > place(path) && (nested[name] ?? .max) > place(path)
            }.map { "\(path): \(order.indices.contains(own[$0]!) ? order[own[$0]!] : "?")/\($0)" }
        }.sorted()
    }

    static func folder(_ path: String) -> String { String(path.prefix { $0 != "/" }) }

    /// Names of types that stand first: of `NormalizationParameters.Levels` the one before the dot.
    private static func names(in code: String) -> Set<String> {
        let words = code.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "." }
        return Set(
            words.compactMap { word in
                let name = word.prefix { $0 != "." }
                return name.first?.isUppercase == true ? String(name) : nil
            })
    }

    /// A source without its comments and the text of its strings; what a string interpolates is code.
    static func code(of source: String) -> String {
        let (text, quote) = (Array(source.utf8), UInt8(ascii: "\""))
        var code: [UInt8] = []
        var index = 0
        var isInString = false
        /// How many parentheses are open within each interpolation that is.
        var interpolations: [Int] = []
        func isAt(_ mark: StaticString) -> Bool {
            mark.withUTF8Buffer { text[index...].starts(with: $0) }
        }
        while index < text.count {
            let byte = text[index]
            if isInString {
                if isAt("\\(") {
                    interpolations.append(0)
                    isInString = false
                    code.append(UInt8(ascii: " "))
                }
                index += byte == UInt8(ascii: "\\") ? 2 : 1
                if byte == quote { isInString = false }
            } else if isAt("//") {
                while index < text.count, text[index] != UInt8(ascii: "\n") { index += 1 }
            } else {
                index += 1
                switch byte {
                case quote: isInString = true
                case UInt8(ascii: ")") where interpolations.last == 0:
                    interpolations.removeLast()
                    isInString = true
                default:
                    if let last = interpolations.indices.last {
                        if byte == UInt8(ascii: "(") { interpolations[last] += 1 }
                        if byte == UInt8(ascii: ")") { interpolations[last] -= 1 }
                    }
                    code.append(byte)
                }
            }
        }
        return String(decoding: code, as: UTF8.self)
    }
}

@Suite("Folders of the engine")
struct FolderChainTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    /// The engine's folders in the order of docs/architecture.md.
    private static func order() throws -> [String] {
        let page = try String(contentsOf: root.appendingPathComponent("docs/architecture.md"), encoding: .utf8)
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| folder |") })
        return lines[(start + 2)...].prefix { $0.hasPrefix("| `") }.map { line in
            String(line.dropFirst("| `".count).prefix { $0 != "`" })
        }
    }

    private static func sources() throws -> [String: String] {
        let folder = root.appendingPathComponent("Sources/NCTEngine")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
        return Dictionary(
            uniqueKeysWithValues: try paths.map {
                ($0, try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8))
            })
    }

    @Test("No folder needs one that comes after it in docs/architecture.md, which lists them all")
    func chain() throws {
        let (order, sources) = (try Self.order(), try Self.sources())
        #expect(sources.count > 100)
        #expect(Set(sources.keys.map(FolderChain.folder)) == Set(order) && Set(order).count == order.count)
        #expect(FolderChain(order: order, sources: sources).breaches == [])
    }

    @Test("A file in a folder before those of its types is found out")
    func misplaced() throws {
        let order = try Self.order()
        for (path, folder) in [
            ("Quality/QualityJudge.swift", "Core"), ("Segmentation/WhiteCellRegions.swift", "Field"),
            ("Kinds/WhiteCells.swift", "Segmentation"), ("Pipeline/LevelRun.swift", "Correspondence"),
        ] {
            var sources = try Self.sources()
            let source = try #require(sources[path], "\(path)")
            sources[path] = nil
            let place = folder + "/" + path.split(separator: "/")[1]
            sources[place] = source
            let breaches = FolderChain(order: order, sources: sources).breaches
            #expect(!breaches.isEmpty && breaches.allSatisfy { $0.hasPrefix(place) }, "\(path)")
        }
    }

    @Test("Only what is code counts, and only names that no earlier folder has")
    func names() {
        func breaches(_ line: String) -> [String] {
            FolderChain(
                order: ["A", "B"],
                sources: [
                    "A/One.swift": "public struct One {\n    enum Mode {}\n    \(line)\n}\nprivate enum Hidden {}",
                    "B/Two.swift": "struct Two {}\nenum Mode {}\nenum Hidden {}\nextension One { struct Part {} }",
                ]
            ).breaches
        }
        for line in [
            "var two: Two?", "let twos: [Two] = []", "let text = \"\\(Two.self) of two\"",
            "func f() { g(\"\"); Two() }",
            "let text = \"\\(f(\"a\") + Two.name)\"",
        ] {
            #expect(breaches(line) == ["A/One.swift: B/Two"], "\(line)")
        }
        for line in [
            "// Two", "/// As ``Two``.", "let text = \"Two\"", "let text = \"a \\\"Two\\\" b\"", "let mode: Mode",
            "let hidden: Hidden", "let part: One.Two", "let text = \"\\(f(\")\")) Two\"", "let twoTwo = 2",
        ] {
            #expect(breaches(line) == [], "\(line)")
        }
    }
}
