import Jobs
import Watching

/// Names of results that no file system refuses for their length: the longest that will be made of each is known before
/// anything is made. One that would be too long keeps its beginning and gets a digest of the capture's whole path, which is
/// the same every time and no other capture's; the sidecar has the whole name.
package struct ShortName {
    let digest: [UInt8]

    /// What a name may have on most file systems.
    package static let longest = 255
    /// What is put behind an image's name: `.v123456.json`.
    package static let reserve = 13
    /// What a path below a tree may have, of 4096 bytes with the tree's own.
    private static let longestPath = 3500

    init(_ path: CapturePath) {
        digest = Self.digest(path.bytes)
    }

    static func digest(_ bytes: [UInt8]) -> [UInt8] { Array(("~" + FileDigest.sha256(bytes).prefix(16)).utf8) }

    /// A file's name, from what stands before its ending.
    func name(_ stem: [UInt8], ending: [UInt8]) -> [UInt8] {
        cut(stem, to: Self.longest - Self.reserve - ending.count) + ending
    }

    func folder(_ name: [UInt8]) -> [UInt8] { cut(name, to: Self.longest) }

    /// - Parameter folders: each with a slash behind it.
    func path(lab: [UInt8], folders: [UInt8], name: [UInt8]) -> [UInt8] {
        let slash = [UInt8(ascii: "/")]
        let full = lab + slash + folders + name
        return full.count <= Self.longestPath ? full : lab + slash + digest + slash + name
    }

    /// Whole characters, where it is text.
    private func cut(_ name: [UInt8], to count: Int) -> [UInt8] {
        guard name.count > count else { return name }
        var start = name.prefix(max(0, count - digest.count))
        // 10xxxxxx continues a character, 11xxxxxx begins one.
        var end = start.endIndex
        while end > start.startIndex, end < name.endIndex, name[end] & 0xC0 == 0x80, start.count - end < 4 { end -= 1 }
        start = start[..<end]
        return start + digest
    }
}
