import Config
import Files
import Foundation
import Jobs
import TestSupport
import Testing

@Suite struct ResultPlacingTests {
    private struct Refusal: Error, Equatable { var call: Int }

    /// Real files, in a folder of their own, whose n-th call is refused; what was done is written down.
    private final class Folder {
        let space: Workspace
        private let refused: Int?
        private(set) var done: [String] = []
        private var calls = 0

        init(refusing refused: Int? = nil) throws {
            (space, self.refused) = (try Workspace(), refused)
        }

        func call(_ what: String, _ body: () throws(Errno) -> Void) throws(Refusal) {
            calls += 1
            if calls == refused { throw Refusal(call: calls) }
            do throws(Errno) { try body() } catch { throw Refusal(call: -Int(error.code)) }
            done.append(what)
        }

        func put() throws(Refusal) {
            let placing = ResultPlacing<Refusal>(
                writeNew: { bytes, path throws(Refusal) in
                    try self.call("write") { () throws(Errno) in try NewFile.write(bytes, at: path) }
                },
                rename: { old, new throws(Refusal) in
                    try self.call("rename") { () throws(Errno) in try NewFile.rename(old, to: new) }
                },
                sync: { path throws(Refusal) in
                    try self.call("sync") { () throws(Errno) in try DurableDirectory.sync(path) }
                })
            try placing.put(
                Array("sidecar".utf8), of: Array(space("x.png").utf8),
                image: { path throws(Refusal) in
                    try self.call("image") { () throws(Errno) in try NewFile.write(Array("new".utf8), at: path) }
                },
                makingRoom: { () throws(Refusal) in
                    try self.call("room") { () throws(Errno) in
                        // The image is written already, and does not have the name yet.
                        if self.space.read("x.png") == Data("new".utf8) { throw Errno(code: EEXIST) }
                        NewFile.remove(Array(self.space("x.png.json").utf8))
                    }
                }, onStep: { self.done.append("\($0)") })
        }
    }

    @Test("The image is written, room is made, it gets its name, which lasts; then the sidecar likewise")
    func order() throws {
        let folder = try Folder()
        try folder.put()
        #expect(
            folder.done == [
                "image", "imageWritten", "room", "rename", "imageNamed", "sync", "imageSynced", "write",
                "sidecarWritten", "rename", "sync", "sidecarSynced",
            ])
        #expect(folder.space.files() == ["x.png", "x.png.json"])
        #expect(folder.space.read("x.png.json") == Data("sidecar".utf8))
    }

    @Test("Whichever call is refused: no sidecar speaks of another image, and no hidden name is left", arguments: 1...7)
    func refused(call: Int) throws {
        let folder = try Folder(refusing: call)
        try folder.space.write("old", to: "x.png")
        try folder.space.write("old sidecar", to: "x.png.json")
        #expect(throws: Refusal(call: call)) { try folder.put() }
        let (image, sidecar) = (folder.space.read("x.png"), folder.space.read("x.png.json"))
        let isSound =
            sidecar == nil || (image == Data("old".utf8) && sidecar == Data("old sidecar".utf8))
            || (image == Data("new".utf8) && sidecar == Data("sidecar".utf8))
        #expect(isSound && image != nil)
        #expect(Set(folder.space.files()).isSubset(of: ["x.png", "x.png.json"]))
        // Before room is made, the older result is whole.
        #expect(call > 2 || sidecar == Data("old sidecar".utf8))
    }
}
