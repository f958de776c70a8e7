import Testing
import Watching

@Suite("The tree of watches")
struct InotifyTreeTests {
    private var tree = InotifyTree()

    private mutating func place(_ watch: Int32, _ path: String?) throws -> Bool {
        let path = try path.map { try #require(CapturePath(bytes: Array($0.utf8))) }
        return tree.place(watch, path, .init(device: 1, inode: UInt64(watch)), of: 1).isPlaced
    }

    private mutating func moveInRoot(_ old: String, _ new: String, cookie: UInt32) {
        let isDirectory = InotifyBit.isDirectory.rawValue
        _ = tree.take(1, InotifyBit.movedFrom.rawValue | isDirectory, cookie, Array(old.utf8))
        _ = tree.take(1, InotifyBit.movedTo.rawValue | isDirectory, cookie, Array(new.utf8))
    }

    /// A scan that is in `a` goes on under that name while `a` becomes `z`, `w` becomes `a`, and that is moved to where
    /// the scan is, of which no event was read yet.
    @Test("A directory that a scan finds below itself, by names that have changed meanwhile, stays where it was")
    mutating func belowItself() throws {
        let watches: [(Int32, String?)] = [(1, nil), (2, "a"), (3, "w"), (4, "w/b")]
        for (watch, path) in watches { #expect(try place(watch, path)) }
        moveInRoot("a", "z", cookie: 7)
        moveInRoot("w", "a", cookie: 8)
        #expect(try place(3, "a/b/c") == false)
        #expect(try place(3, "a/c") == false)
        let file = try #require(CapturePath(bytes: Array("a/b/x".utf8)))
        #expect(tree.take(4, InotifyBit.closeWrite.rawValue, 0, Array("x".utf8)).map(\.mail) == [.file(file)])
    }
}
