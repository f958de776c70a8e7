import Foundation
import ImageFiles
import TestSupport
import Testing

@Suite("Output files")
struct OutputFileTests {
    private func code(_ bytes: [UInt8], to path: String, overwrite: Bool = false) -> ImageFileError.Code? {
        do throws(ImageFileError) {
            try OutputFile.write(bytes, to: path, overwrite: overwrite)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("A file is written whole, replaced only where asked, and nothing else is left")
    func write() throws {
        let space = try Workspace()
        let path = space("a.png")
        #expect(code([1, 2, 3], to: path) == nil)
        #expect(space.read("a.png") == Data([1, 2, 3]))
        #expect(code([4], to: path) == .exists)
        #expect(space.read("a.png") == Data([1, 2, 3]))
        #expect(code([4], to: path, overwrite: true) == nil)
        #expect(space.read("a.png") == Data([4]))
        #expect(code([], to: space("empty")) == nil && space.read("empty") == Data())
        #expect(space.files() == ["a.png", "empty"])
    }

    @Test("A missing directory, a file as directory and a directory as target are errors that leave nothing")
    func refused() throws {
        let space = try Workspace()
        try space.write("x", to: "file")
        try FileManager.default.createDirectory(atPath: space("folder"), withIntermediateDirectories: false)
        #expect(code([1], to: space("none/a.png")) == .notFound)
        #expect(code([1], to: space("file/a.png")) == .notFound)
        #expect(code([1], to: space("folder"), overwrite: true) == .cannotWrite)
        #expect(code([1], to: space("folder")) == .exists)
        #expect(space.files() == ["file"])
    }

    @Test("A symbolic link counts as a file that is there, and is replaced, not followed")
    func link() throws {
        let space = try Workspace()
        try space.write("target", to: "target")
        for (name, target) in [("link", "target"), ("dangling", "nowhere")] {
            try FileManager.default.createSymbolicLink(atPath: space(name), withDestinationPath: target)
            #expect(code([1], to: space(name)) == .exists)
            #expect(code([1], to: space(name), overwrite: true) == nil)
            #expect(space.read(name) == Data([1]))
        }
        #expect(space.read("target") == Data("target".utf8))
        #expect(space.files() == ["dangling", "link", "target"])
    }

    @Test("Of many writers of one new name exactly one succeeds", .timeLimit(.minutes(15)))
    func race() async throws {
        let space = try Workspace()
        let path = space("a.png")
        let codes = await withTaskGroup(of: (UInt8, ImageFileError.Code?).self) { group in
            for writer in 0..<16 {
                group.addTask {
                    let bytes = [UInt8](repeating: UInt8(writer), count: 10_000)
                    do throws(ImageFileError) {
                        try OutputFile.write(bytes, to: path, overwrite: false)
                        return (UInt8(writer), nil)
                    } catch {
                        return (UInt8(writer), error.code)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let winners = codes.filter { $0.1 == nil }
        #expect(winners.count == 1 && codes.allSatisfy { $0.1 == nil || $0.1 == .exists })
        #expect(space.read("a.png") == Data(repeating: winners[0].0, count: 10_000))
        #expect(space.files() == ["a.png"])
    }
}
