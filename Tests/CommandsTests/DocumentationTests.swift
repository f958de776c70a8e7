import Foundation
import NCTEngine
import Testing

/// The pages that lead through the repository, held to what is there.
@Suite struct DocumentationTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../..").standardizedFileURL

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// Files below a folder, as paths from the repository's root.
    private static func files(in folder: String, endingIn ending: String) -> [String] {
        (FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)?.compactMap { $0 as? String }
            ?? [])
            .filter { $0.hasSuffix(ending) && !$0.contains(".build/") }.map { "\(folder)/\($0)" }.sorted()
    }

    /// The rows of a page's table that begins with a header cell, each row's cells.
    private static func table(_ page: String, header: String) throws -> [[String]] {
        let lines = try text(page).split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.hasPrefix("| \(header) |") })
        return lines[(start + 2)...].prefix { $0.hasPrefix("|") }.map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What stands between backquotes.
    private static func quoted(_ cell: String) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }

    @Test("docs/method.md names every stage, and types and pictures where they are")
    func method() throws {
        let rows = try Self.table("docs/method.md", header: "step")
        let stages = rows.map { $0[3] }.filter { !$0.isEmpty }
        // In the order in which they end.
        var order: [String] = []
        for stage in stages where order.last != stage { order.append(stage) }
        #expect(order == Stage.allCases.map(\.rawValue))
        let painter = try Self.text("Sources/Commands/Normalize/StagePictures.swift")
        for row in rows {
            let (types, paths) = (Self.quoted(row[4]), Self.quoted(row[5]))
            #expect(types.count == paths.count && !types.isEmpty, "\(row)")
            for (type, path) in zip(types, paths) {
                let source = try Self.text("Sources/NCTEngine/" + path)
                #expect(
                    ["struct", "class", "enum", "protocol"].contains { source.contains("\($0) \(type)") },
                    "\(type) is not in \(path)")
            }
            for picture in row[6].split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }) {
                #expect(painter.contains("\"\(picture)\"") || painter.contains("\"\(picture)-"), "\(picture)")
            }
        }
    }

    @Test("A comment that numbers a step is about a file of that step in docs/method.md")
    func steps() throws {
        let rows = try Self.table("docs/method.md", header: "step")
        let page = try Self.text("docs/method.md")
        var seen = 0
        for path in Self.files(in: "Sources/NCTEngine", endingIn: ".swift") {
            let name = (path as NSString).lastPathComponent.dropLast(".swift".count)
            for line in try Self.text(path).split(separator: "\n") where line.hasPrefix("/// Step ") {
                let number = line.dropFirst("/// Step ".count).prefix { $0.isNumber }
                let files = rows.filter { $0[0] == number }.flatMap { Self.quoted($0[5]) }
                #expect(files.contains { path.hasSuffix($0) }, "\(path): \(line)")
                seen += 1
            }
            for line in try Self.text(path).split(separator: "\n") where line.hasPrefix("/// Steps ") {
                #expect(page.contains("`\(name)`"), "\(path): \(line)")
                seen += 1
            }
        }
        #expect(seen > 4)
    }

    @Test("docs/architecture.md lists every room with what Package.swift lets it import")
    func rooms() throws {
        let manifest = try Self.text("Package.swift")
        let rooms = try Self.table("docs/architecture.md", header: "room")
        var listed: [String: Set<String>] = [:]
        for row in rooms { listed[try #require(Self.quoted(row[0]).first)] = Set(Self.quoted(row[2])) }
        let systems = Set(manifest.matches(of: #/systemLibrary\(name: "(\w+)"/#).map { String($0.1) })
        var declared: [String: Set<String>] = [:]
        for target in manifest.split(separator: #/\.(target|executableTarget)\(/#).dropFirst() {
            let body = target.prefix { $0 != "]" }
            let isOfTests = target.prefix { $0 != "\n" }.contains("path: \"Tests/")
            guard let name = body.firstMatch(of: #/name: "(\w+)"/#)?.1, !isOfTests else { continue }
            let all = target.firstMatch(of: #/dependencies: \[([^\]]*)\]/#)?.1 ?? ""
            let own = all.replacing(#/\.product\([^)]*\)/#, with: "").matches(of: #/"(\w+)"/#).map { String($0.1) }
            declared[String(name)] = Set(own).subtracting(systems)
        }
        #expect(declared.count > 10)
        for (name, imports) in declared { #expect(listed[name] == imports, "\(name)") }
        #expect(Set(listed.keys) == Set(declared.keys))
        for name in systems { #expect(try Self.text("docs/architecture.md").contains("`\(name)`"), "\(name)") }
    }

    @Test("Every page is in docs/README.md, and every link and file that a page names is there")
    func links() throws {
        let index = try Self.text("docs/README.md")
        let pages = Self.files(in: "docs", endingIn: ".md")
        #expect(pages.count > 10)
        for page in pages where page != "docs/README.md" {
            #expect(index.contains("(\(page.dropFirst("docs/".count)))"), "\(page)")
        }
        for page in pages + ["README.md", "CONTRIBUTING.md"] {
            let folder = (page as NSString).deletingLastPathComponent
            for link in try Self.text(page).matches(of: #/\]\(([^)\s]+)\)/#).map({ String($0.1) })
            where !link.contains("://") && !link.hasPrefix("#") {
                let parts = link.split(separator: "#", omittingEmptySubsequences: false).map(String.init)
                let path = (Self.root.appendingPathComponent(folder).path + "/" + parts[0] as NSString)
                    .standardizingPath
                let content = try? String(contentsOfFile: path, encoding: .utf8)
                #expect(FileManager.default.fileExists(atPath: path), "\(page): \(link)")
                if parts.count > 1, let content {
                    #expect(Self.anchors(content).contains(parts[1]), "\(page): \(link)")
                }
            }
        }
        for name in try Self.quoted(Self.text("docs/architecture.md"))
        where name.hasSuffix(".swift") && name.contains("/") {
            let path = Self.root.appendingPathComponent("Sources/" + name).path
            #expect(name.contains("…") || FileManager.default.fileExists(atPath: path), "\(name)")
        }
    }

    /// The anchors of a page's headings, as GitHub makes them.
    private static func anchors(_ page: String) -> Set<String> {
        Set(
            page.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                line.drop { $0 == "#" || $0 == " " }.lowercased().filter {
                    $0.isLetter || $0.isNumber || " -_".contains($0)
                }
                .replacing(" ", with: "-")
            })
    }
}
