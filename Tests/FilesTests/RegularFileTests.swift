import Files
import Foundation
import TestSupport
import Testing

@Suite struct RegularFileTests {
    private func refusal(_ path: String, followingLinks: Bool = true) -> RegularFile.Refusal? {
        do throws(RegularFile.Refusal) {
            _ = try RegularFile(Array(path.utf8), followingLinks: followingLinks)
            return nil
        } catch {
            return error
        }
    }

    @Test("What is no regular file is refused without waiting for it", .timeLimit(.minutes(15)))
    func refusals() throws {
        let space = try Workspace()
        try space.write("x", to: "folder/file")
        try #require(mkfifo(space("pipe"), 0o600) == 0)
        for (name, target) in [("link", "folder/file"), ("dangling", "nowhere"), ("piped", "pipe")] {
            try FileManager.default.createSymbolicLink(atPath: space(name), withDestinationPath: target)
        }
        for follows in [true, false] {
            #expect(refusal(space("folder/file"), followingLinks: follows) == nil)
            #expect(refusal(space("folder"), followingLinks: follows) == .isDirectory)
            #expect(refusal(space("pipe"), followingLinks: follows) == .isSpecial)
            #expect(refusal("/dev/null", followingLinks: follows) == .isSpecial)
            #expect(refusal(space("none"), followingLinks: follows) == .failed(Errno(code: ENOENT)))
        }
        #expect(refusal(space("link")) == nil)
        #expect(refusal(space("piped")) == .isSpecial)
        #expect(refusal(space("dangling")) == .failed(Errno(code: ENOENT)))
        for name in ["link", "dangling", "piped"] {
            #expect(refusal(space(name), followingLinks: false) == .failed(Errno(code: ELOOP)))
        }
    }

    @Test("A file is read in parts and whole, and no further than the limit")
    func reading() throws {
        let space = try Workspace()
        let path = Array(try space.write(Array(0..<100), to: "file").utf8)
        let file = try RegularFile(path)
        #expect(file.size == 100)
        #expect(try file.read(at: 10, count: 3) == [10, 11, 12])
        #expect(try file.read(at: 98, count: 5) == [98, 99])
        for (offset, count) in [(100, 5), (-1, 5), (.max, 5), (5, 0), (5, -1)] {
            #expect(try file.read(at: offset, count: count) == [])
        }
        #expect(try file.readAll(limit: 100) == Array(0..<100))
        #expect(throws: RegularFile.Refusal.isTooLarge) { try file.readAll(limit: 99) }
    }

    @Test("Of a file that grows the bytes are read that it had, and one that shrinks is refused")
    func changing() throws {
        let space = try Workspace()
        let path = try space.write(Array(0..<100), to: "file")
        let file = try RegularFile(Array(path.utf8))
        try #require(truncate(path, 200) == 0)
        #expect(try file.readAll() == Array(0..<100))
        #expect(try file.read(at: 90, count: 50).count == 10)
        try #require(truncate(path, 40) == 0)
        #expect(throws: RegularFile.Refusal.shrank) { try file.readAll() }
        #expect(try file.read(at: 30, count: 50) == Array(30..<40))
    }

    @Test("What the kernel makes up is read although it has no size")
    func kernel() throws {
        #expect(try RegularFile(Array("/proc/self/status".utf8)).size == 0)
        #expect(try #require(KernelFile.lines("/proc/self/status")).contains("Pid:\t\(getpid())"))
        #expect(try #require(KernelFile.number("/proc/sys/kernel/pid_max")) > 0)
        #expect(KernelFile.number("/proc/self/status") == nil && KernelFile.bytes("/proc/none") == nil)
    }
}
