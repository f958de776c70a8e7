import Files
import Foundation
import TestSupport
import Testing

@Suite struct AtomicFileTests {
    private static let isRoot = geteuid() == 0

    private func path(_ space: Workspace, _ name: String) -> [UInt8] { Array(space(name).utf8) }

    @Test("A file that is not finished leaves nothing, whatever was written")
    func unfinished() throws {
        let space = try Workspace()
        do {
            let file = try NewFile(at: path(space, "a"))
            try file.write([1, 2, 3])
            withExtendedLifetime(file) { #expect(space.files() == ["a"]) }
        }
        #expect(space.files() == [])
        let kept = try NewFile(at: path(space, "a"))
        try kept.write([1, 2, 3])
        try kept.write([])
        try kept.write([4])
        try kept.finish()
        #expect(space.read("a") == Data([1, 2, 3, 4]))
    }

    @Test("A name that is taken, be it by a link into nothing, is refused, and stays")
    func taken() throws {
        let space = try Workspace()
        try space.write("old", to: "a")
        try FileManager.default.createSymbolicLink(atPath: space("link"), withDestinationPath: "nowhere")
        for name in ["a", "link"] {
            #expect(throws: Errno(code: EEXIST)) { try NewFile(at: path(space, name)) }
            #expect(throws: Errno(code: EEXIST)) {
                try AtomicFile.write([1], to: path(space, name), overwrite: false)
            }
            let file = try NewFile.temporary(in: Array(space.path.utf8))
            #expect(throws: Errno(code: EEXIST)) { try file.finish(as: path(space, name), overwrite: false) }
        }
        #expect(space.files() == ["a", "link"] && space.read("a") == Data("old".utf8))
    }

    @Test("A move that fails leaves neither of the names")
    func move() throws {
        let space = try Workspace()
        for overwrite in [true, false] {
            do {
                let file = try NewFile.temporary(in: Array(space.path.utf8))
                try file.write([1])
                #expect(space.files().count == 1)
                #expect(throws: Errno(code: ENOENT)) {
                    try file.finish(as: path(space, "none/a"), overwrite: overwrite)
                }
            }
            #expect(space.files() == [])
        }
    }

    @Test(
        "On a disk that runs full while a file is written the old content stays, and nothing else",
        .enabled(if: isRoot, "skipped: only root can mount a small disk"))
    func full() throws {
        let space = try Workspace()
        try FileManager.default.createDirectory(atPath: space("disk"), withIntermediateDirectories: true)
        let mounted = try Subprocess.run("/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", space("disk")])
        try #require(mounted.status == 0, "a tmpfs could not be mounted: \(mounted.error)")
        defer { _ = try? Subprocess.run("/bin/umount", [space("disk")]) }
        let old = [UInt8](repeating: 1, count: 1000)
        try AtomicFile.write(old, to: path(space, "disk/a"), overwrite: false)
        for name in ["a", "b"] {
            #expect(throws: Errno(code: ENOSPC)) {
                try AtomicFile.write(
                    [UInt8](repeating: 2, count: 200_000), to: path(space, "disk/\(name)"), overwrite: true)
            }
        }
        #expect(space.files(in: "disk") == ["a"] && space.read("disk/a") == Data(old))
    }

    @Test("The directory that a name lies in, and what cannot be synced")
    func directories() throws {
        for (path, directory) in [("a", "."), ("/a", "/"), ("b/a", "b"), ("/c/b/a", "/c/b"), ("", ".")] {
            #expect(DurableDirectory.holding(Array(path.utf8)) == Array(directory.utf8), "\(path)")
        }
        let space = try Workspace()
        try space.write("x", to: "a")
        try DurableDirectory.sync(Array(space.path.utf8))
        #expect(throws: Errno(code: ENOTDIR)) { try DurableDirectory.sync(path(space, "a")) }
        #expect(throws: Errno(code: ENOENT)) { try DurableDirectory.sync(path(space, "none")) }
    }

    @Test("A temporary name is known again")
    func temporary() {
        let name = NewFile.temporaryName(in: Array("/x".utf8))
        #expect(name.starts(with: "/x/.nctd-".utf8) && NewFile.isTemporary(Array(name.dropFirst(3))))
        #expect(!NewFile.isTemporary(Array("nctd-1.tmp".utf8)) && !NewFile.isTemporary(Array(".nctd-1".utf8)))
    }
}
