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
        commit = ResultCommit(directory: space("out"))
        try FileManager.default.createDirectory(atPath: space("out"), withIntermediateDirectories: true)
    }

    @discardableResult
    private func put(_ content: String, at output: String = "lab/x.png", alternative: String = "lab/held/x.png") throws
        -> Ledger.KeptVersion?
    {
        try commit.commit(
            .bytes(Array(content.utf8)), sidecar: Array("about \(content)".utf8), output: Array(output.utf8),
            alternative: Array(alternative.utf8))
    }

    private func text(_ name: String) -> String? {
        space.read("out/lab/\(name)").map { String(decoding: $0, as: UTF8.self) }
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
        #expect(text("x.png.v1.json") == "about one")
        #expect(text("x.png.v2") == "two")
        #expect(text("x.png") == "three")
    }

    @Test("An attempt that died after it kept the older result makes no second version of it")
    func diedAfterKeeping() throws {
        try put("one")
        // As a process left it that died before it removed the older sidecar.
        try space.write("one", to: "out/lab/x.png.v1")
        try space.write("about one", to: "out/lab/x.png.v1.json")
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
        #expect(text("x.png.v1.json") == "about one")
    }

    @Test("Where the name cannot be taken, what was there stays and no temporary file is left")
    func refused() throws {
        try space.write("in the way", to: "out/lab/x.png/file")
        #expect(throws: TreeError.self) { try put("one") }
        #expect(space.files(in: "out") == ["lab/x.png/file"])
    }

    @Test("A result moves between the tree and `held` without being there twice")
    func held() throws {
        try put("one", at: "lab/held/x.png", alternative: "lab/x.png")
        try put("two")
        #expect(text("held/x.png.v1") == "one")
        #expect(space.files(in: "out/lab/held") == ["x.png.v1", "x.png.v1.json"])
        try put("three", at: "lab/held/x.png", alternative: "lab/x.png")
        #expect(text("x.png.v1") == "two")
        #expect(text("held/x.png") == "three")
        #expect(text("x.png") == nil)
    }

    @Test("A link whose original was replaced meanwhile is refused")
    func staleLink() throws {
        try put("one")
        let digest = FileDigest.sha256(Array("one".utf8))
        try put("two")
        #expect {
            try commit.commit(
                .existing(Array("lab/x.png".utf8), linking: true, sha256: digest), sidecar: [1],
                output: Array("lab/y.png".utf8), alternative: Array("lab/held/y.png".utf8))
        } throws: {
            ($0 as? TreeError)?.code == EAGAIN
        }
        #expect(!space.files(in: "out/lab").contains { $0.hasPrefix("y.png") || $0.hasSuffix(".tmp") })
    }
}
