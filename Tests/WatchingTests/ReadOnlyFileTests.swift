import Foundation
import Testing
import Watching

@Suite struct ReadOnlyFileTests {
    @Test("A file is read in parts and whole, and no further than the limit")
    func reading() throws {
        let tree = try Tree()
        try tree.write("x/a.png", Array(0..<100))
        let file = try ReadOnlyFile(root: tree.root, path: path("x/a.png"))
        #expect(try file.read(at: 10, count: 5) == [10, 11, 12, 13, 14])
        #expect(try file.read(at: 98, count: 5) == [98, 99])
        #expect(try file.read(at: 200, count: 5) == [])
        #expect(try file.readAll(limit: 100).count == 100)
        #expect(throws: FileError(code: EFBIG, attempt: "read", path: "x/a.png")) { try file.readAll(limit: 99) }
        try tree.write("x/a.png", [1])
        #expect(try file.currentStamp().size == 1 && file.stamp.size == 100)
    }

    @Test("What is no regular file below the root is refused without waiting")
    func refusals() throws {
        let tree = try Tree()
        try Data([1]).write(to: URL(fileURLWithPath: tree.outside("secret.png")))
        try tree.write("d/a.png")
        try tree.link("../secret.png", "link.png")
        try tree.link("..", "up")
        try tree.link("d", "inner")
        try tree.fifo("pipe.png")
        func code(_ name: String) -> Int32? {
            do {
                _ = try ReadOnlyFile(root: tree.root, path: path(name))
                return nil
            } catch { return error.code }
        }
        #expect(code("link.png") == ELOOP)
        #expect(code("up/secret.png") == ENOTDIR)
        #expect(code("inner/a.png") == ENOTDIR)
        #expect(code("pipe.png") == EINVAL)
        #expect(code("d") == EINVAL)
        #expect(code("none.png") == ENOENT)
        #expect(try ReadOnlyFile.stamp(root: tree.root, path: path("link.png")) == nil)
        #expect(try ReadOnlyFile.stamp(root: tree.root, path: path("none/x.png")) == nil)
        #expect(try ReadOnlyFile.stamp(root: tree.root, path: path("d/a.png"))?.size == 1)
    }
}
