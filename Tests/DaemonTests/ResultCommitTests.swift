import Daemon
import Foundation
import Jobs
import Ledger
import TestSupport
import Testing

@Suite struct ResultCommitTests {
    private let space: Workspace
    private let commit: ResultCommit

    init() throws {
        space = try Workspace()
        commit = ResultCommit(ResultTrees(delivered: space("out"), held: space("held")))
        try FileManager.default.createDirectory(atPath: space("out"), withIntermediateDirectories: true)
    }

    @discardableResult
    private func put(
        _ content: String, at output: String = "lab/x.png", in tree: ResultTrees.Tree = .delivered
    ) throws -> Ledger.KeptVersion? {
        try replace(content, at: output, in: tree).older
    }

    private func replace(
        _ content: String, at output: String = "lab/x.png", in tree: ResultTrees.Tree = .delivered
    ) throws -> ResultCommit.Replaced {
        try commit.commit(
            .bytes(Array(content.utf8)), sidecar: try Self.sidecar(about: content), output: Array(output.utf8), in: tree
        )
    }

    /// A sidecar that speaks of an image of such content, and has it in its warnings.
    private static func sidecar(about content: String) throws -> [UInt8] {
        let page = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/sidecar.md").standardizedFileURL
        let parts = try String(contentsOf: page, encoding: .utf8).components(separatedBy: "```json\n")
        let example = try #require(parts.last?.components(separatedBy: "\n```").first)
        var sidecar = try Sidecar(json: Array(example.utf8))
        sidecar.output.bytes = content.utf8.count
        sidecar.output.sha256 = FileDigest.sha256(Array(content.utf8))
        sidecar.warnings = ["about \(content)"]
        return try sidecar.json()
    }

    /// What a sidecar in a tree is about; nil where there is none that can be read.
    private func about(_ name: String, in tree: String = "out") -> String? {
        space.read("\(tree)/lab/\(name)").flatMap { try? Sidecar(json: [UInt8]($0)) }?.warnings.first
    }

    private func text(_ name: String, in tree: String = "out") -> String? {
        space.read("\(tree)/lab/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    @Test("What is not the result that its sidecar speaks of is put aside, and becomes no version")
    func garbage() throws {
        for (number, damage) in [
            ("out/lab/x.png", Array("torn".utf8)), ("out/lab/x.png.json", Array("{\"no\": \"sidecar\"}".utf8)),
        ].enumerated() {
            try put("one")
            try space.write(damage.1, to: damage.0)
            let replaced = try replace("two")
            // The version of the round before is the latest.
            #expect(replaced.older?.number == (number == 0 ? nil : 1))
            #expect(replaced.aside == [Array("lab/x.png.aside\(number + 1)".utf8)])
            #expect(text("x.png") == "two" && about("x.png.json") == "about two")
            #expect(space.read("\(damage.0).aside\(number + 1)").map(Array.init) == damage.1)
        }
        // What is sound again is kept as ever; what moves to the other tree leaves only what was put aside.
        #expect(try put("three")?.number == 1)
        try space.write("torn", to: "out/lab/x.png")
        #expect(try replace("four", in: .held).aside == [Array("lab/x.png.aside3".utf8)])
        #expect(text("x.png") == nil && text("x.png.json") == nil && text("x.png.aside3") == "torn")
    }

    @Test("A first result leaves the image and its sidecar, and no temporary file")
    func first() throws {
        #expect(try put("one") == nil)
        #expect(space.files(in: "out") == ["lab/x.png", "lab/x.png.json"])
    }

    @Test("Later results keep the older ones under growing numbers")
    func later() throws {
        try put("one")
        #expect(try put("two")?.number == 1)
        #expect(try put("three")?.number == 2)
        #expect(text("x.png.v1") == "one")
        #expect(about("x.png.v1.json") == "about one")
        #expect(text("x.png.v2") == "two")
        #expect(text("x.png") == "three")
    }

    @Test("An attempt that died after it kept the older result makes no second version of it")
    func diedAfterKeeping() throws {
        try put("one")
        // As a process left it that died before it removed the older sidecar.
        try space.write("one", to: "out/lab/x.png.v1")
        try space.write(try Self.sidecar(about: "one"), to: "out/lab/x.png.v1.json")
        #expect(try put("two")?.number == 1)
        #expect(space.files(in: "out/lab") == ["x.png", "x.png.json", "x.png.v1", "x.png.v1.json"])
        #expect(text("x.png") == "two")
    }

    @Test("An attempt that died between the older sidecar's removal and the new image's name is made up for")
    func diedAfterRemoval() throws {
        try put("one")
        try put("two")
        try FileManager.default.removeItem(atPath: space("out/lab/x.png.json"))
        #expect(try put("three")?.number == 1, "what lies there without a sidecar was never committed")
        #expect(text("x.png") == "three")
        #expect(text("x.png.v1") == "one")
        #expect(space.files(in: "out/lab") == ["x.png", "x.png.json", "x.png.v1", "x.png.v1.json"])
    }

    @Test("An attempt that died after it kept the image but not yet its sidecar is made up for")
    func diedBetweenLinks() throws {
        try put("one")
        try space.write("one", to: "out/lab/x.png.v1")
        #expect(try put("two")?.number == 1)
        #expect(about("x.png.v1.json") == "about one")
    }

    @Test("Where the name cannot be taken, what was there stays and no temporary file is left")
    func refused() throws {
        try space.write("in the way", to: "out/lab/x.png/file")
        #expect(throws: TreeError.self) { try put("one") }
        #expect(space.files(in: "out") == ["lab/x.png/file"])
    }

    @Test("A result moves between the two trees without being there twice")
    func held() throws {
        try put("one", in: .held)
        #expect(space.files(in: "out") == [])
        try put("two")
        #expect(text("x.png.v1", in: "held") == "one")
        #expect(space.files(in: "held/lab") == ["x.png.v1", "x.png.v1.json"])
        try put("three", in: .held)
        #expect(text("x.png.v1") == "two")
        #expect(text("x.png", in: "held") == "three")
        #expect(text("x.png") == nil)
    }

    @Test("A folder named like that of held results is a folder like any other")
    func sameName() throws {
        try put("of held/x.png", at: "lab/held/x.png")
        try put("of x.png", in: .held)
        #expect(text("held/x.png") == "of held/x.png")
        #expect(text("x.png", in: "held") == "of x.png")
        #expect(!space.files(in: "out").contains { $0.contains(".v1") })
    }

    @Test("Where the image's name cannot be taken, the older result's sidecar is there again")
    func restored() throws {
        try put("one")
        try FileManager.default.removeItem(atPath: space("out/lab/x.png"))
        try space.write("in the way", to: "out/lab/x.png/file")
        #expect(throws: TreeError.self) { try put("two") }
        #expect(about("x.png.json") == "about one")
    }

    @Test("A link in the tree is not followed, one that leads to the tree is")
    func links() throws {
        try FileManager.default.createDirectory(atPath: space("elsewhere"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: space("out/lab"), withDestinationPath: space("elsewhere"))
        #expect {
            try put("one")
        } throws: {
            ($0 as? TreeError)?.code == ELOOP
        }
        #expect(space.files(in: "elsewhere") == [])
        try FileManager.default.createSymbolicLink(atPath: space("link"), withDestinationPath: space("elsewhere"))
        let linked = ResultCommit(ResultTrees(delivered: space("link"), held: space("held")))
        _ = try linked.commit(.bytes([1]), sidecar: [2], output: Array("lab/y.png".utf8), in: .delivered)
        #expect(space.files(in: "elsewhere") == ["lab/y.png", "lab/y.png.json"])
    }

    @Test("A sidecar that is far too long, and an image that is not as long as its sidecar says, are not read")
    func huge() throws {
        try put("one")
        #expect(truncate(space("out/lab/x.png.json"), 1 << 40) == 0)
        #expect(commit.sidecar(of: Array("lab/x.png".utf8), in: .delivered) == nil)
        try put("two")
        #expect(text("x.png") == "two")
        #expect(about("x.png.json") == "about two")
    }

    @Test("A link whose original was replaced meanwhile is refused")
    func staleLink() throws {
        try put("one")
        let digest = FileDigest.sha256(Array("one".utf8))
        try put("two")
        #expect {
            try commit.commit(
                .existing(Array("lab/x.png".utf8), in: .delivered, linking: true, sha256: digest), sidecar: [1],
                output: Array("lab/y.png".utf8), in: .delivered)
        } throws: {
            ($0 as? TreeError)?.code == EAGAIN
        }
        #expect(!space.files(in: "out/lab").contains { $0.hasPrefix("y.png") || $0.hasSuffix(".tmp") })
    }
}
