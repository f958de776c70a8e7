import Foundation
import Testing
import Watching

@Suite struct DirectoryScannerTests {
    private func scan(
        _ tree: Tree, from: CapturePath? = nil, recursive: Bool = true, followingLinks: Bool = false
    ) throws -> (files: [String], others: [String], directories: [String], problems: [String]) {
        var scanner = try DirectoryScanner(
            root: tree.root, from: from, recursive: recursive, followingLinks: followingLinks)
        var result = (files: [String](), others: [String](), directories: [String](), problems: [String]())
        while let entry = scanner.next() {
            switch entry {
            case .directory(let path): result.directories.append(path?.description ?? "")
            case .file(let sighting): result.files.append(sighting.path.description)
            case .link(let sighting):
                result.others.append("\(sighting.path): \(sighting.link?.reason { _ in false } ?? "")")
            case .other(let path, let kind): result.others.append("\(path): \(kind.rawValue)")
            case .problem(let path, let error): result.problems.append("\(path?.description ?? ""): \(error)")
            }
        }
        return result
    }

    @Test("Files come depth first in the order of their names' bytes")
    func order() throws {
        let tree = try Tree()
        for name in ["b/2.png", "b/10.png", "a.png", "c.png", "b/x/1.png", "B/1.png", "b/y.png"] {
            try tree.write(name)
        }
        try tree.directory("empty")
        let found = try scan(tree)
        #expect(found.files == ["B/1.png", "a.png", "b/10.png", "b/2.png", "b/x/1.png", "b/y.png", "c.png"])
        #expect(found.directories == ["", "B", "b", "b/x", "empty"])
        #expect(try scan(tree, from: path("b")).files == ["b/10.png", "b/2.png", "b/x/1.png", "b/y.png"])
        #expect(try scan(tree, recursive: false).files == ["a.png", "c.png"])
        #expect(try scan(tree, from: path("gone")).files == [])
    }

    @Test("Stamps are the files' own")
    func stamps() throws {
        let tree = try Tree()
        try tree.write("a.png", [1, 2, 3])
        var scanner = try DirectoryScanner(root: tree.root)
        _ = scanner.next()
        guard case .file(let sighting) = scanner.next() else { throw CocoaError(.fileReadUnknown) }
        #expect(sighting.stamp.size == 3)
        #expect(try ReadOnlyFile.stamp(root: tree.root, path: path("a.png")) == sighting.stamp)
        #expect(try ReadOnlyFile(root: tree.root, path: path("a.png")).stamp == sighting.stamp)
    }

    @Test("Links, in circles or out of the root, FIFOs, sockets and devices are told and not entered or opened")
    func others() throws {
        let tree = try Tree()
        try tree.write("d/a.png")
        try tree.link("..", "d/up")
        try tree.link(".", "self")
        try tree.link("/etc", "out")
        try tree.link("d/a.png", "alias.png")
        try tree.link("nowhere", "dangling")
        try tree.fifo("pipe.png")
        let hasDevice = mknod(tree.root + "/null.png", S_IFCHR | 0o666, 0x103) == 0
        if !hasDevice { print("SKIPPED: a device in the tree (needs root)") }
        let found = try scan(tree)
        #expect(found.files == ["d/a.png"])
        var expected = [
            "alias.png: a symbolic link (follow_links = false)", "d/up: a symbolic link (follow_links = false)",
            "dangling: a symbolic link (follow_links = false)", "out: a symbolic link (follow_links = false)",
            "pipe.png: a FIFO", "self: a symbolic link (follow_links = false)",
        ]
        if hasDevice { expected.append("null.png: a device") }
        #expect(found.others.sorted() == expected.sorted())
        #expect(found.problems.isEmpty)
    }

    @Test("Links that are followed lead to what lies within the root; circles, ways out and into nothing are told")
    func followed() throws {
        let tree = try Tree()
        try tree.write(".annex/objects/1.png")
        try tree.write("d/a.png")
        try tree.link("../.annex/objects/1.png", "d/one.png")
        try tree.link(tree.root + "/.annex/objects", "objects")
        try tree.link("..", "d/up")
        try tree.link(".", "self")
        try tree.link("/etc", "out")
        try tree.link("nowhere", "dangling")
        try tree.link("ring", "ring")
        let found = try scan(tree, followingLinks: true)
        #expect(found.files == [".annex/objects/1.png", "d/a.png", "d/one.png", "objects/1.png"])
        #expect(
            found.others.sorted() == [
                "d/up: a symbolic link in a circle", "dangling: a symbolic link into nothing",
                "out: a symbolic link that leads out of the watched tree", "ring: a symbolic link in a circle",
                "self: a symbolic link in a circle",
            ])
        #expect(found.problems.isEmpty)
        var scanner = try DirectoryScanner(root: tree.root, followingLinks: true)
        var targets: [String: LinkState] = [:]
        while let entry = scanner.next() {
            if case .file(let sighting) = entry { targets[sighting.path.description] = sighting.link }
        }
        let target = LinkState.target(path(".annex/objects/1.png"))
        #expect(targets == ["d/one.png": target, "objects/1.png": target])
        #expect(target.reason { $0 == path(".annex/objects/1.png") }?.contains("by its own name") == true)
        #expect(target.reason { _ in false } == nil)
    }

    @Test("Names that are no UTF-8, have line ends or blanks are found and can be opened")
    func names() throws {
        let tree = try Tree()
        let names: [[UInt8]] = [[0xFF, 0xFE, 0x2E, 0x70], Array("a\nb.png".utf8), Array(" \t".utf8), [0x5C, 0x2A]]
        for name in names { try tree.write(name, [7]) }
        var scanner = try DirectoryScanner(root: tree.root)
        var found: Set<[UInt8]> = []
        while let entry = scanner.next() {
            guard case .file(let sighting) = entry else { continue }
            found.insert(sighting.path.bytes)
            #expect(try ReadOnlyFile(root: tree.root, path: sighting.path).readAll(limit: 10) == [7])
        }
        #expect(found == Set(names))
    }

    @Test("A tree deeper than descriptors and path names reach is walked")
    func deep() throws {
        let tree = try Tree()
        var name = "d"
        for _ in 0..<200 { name += "/d123456789" }
        try tree.write(name + "/a.png")
        #expect(try scan(tree).files == [name + "/a.png"])
    }

    @Test("An unreadable directory is a problem, not an empty one")
    func unreadable() throws {
        guard geteuid() != 0 else {
            print("SKIPPED: an unreadable directory (root reads everything)")
            return
        }
        let tree = try Tree()
        try tree.write("a/1.png")
        try tree.write("b/1.png")
        chmod(tree.root + "/a", 0)
        defer { chmod(tree.root + "/a", 0o755) }
        let found = try scan(tree)
        #expect(found.files == ["b/1.png"])
        #expect(found.problems == ["a: cannot open a: Permission denied"])
    }

    @Test("A root that is not there is an error")
    func missing() throws {
        let tree = try Tree()
        let error = #expect(throws: FileError.self) { try DirectoryScanner(root: tree.root + "/none") }
        #expect(error?.isGone == true)
    }
}
