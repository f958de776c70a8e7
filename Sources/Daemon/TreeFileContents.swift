import Digests
import Files
import Glibc
import Jobs
import Watching

/// What is in the files of a tree, read in pieces or to a limit: nothing that lies there can take more memory than that.
extension TreeFiles {
    private static let piece = 1 << 20

    /// Writes a new file and syncs it; on failure nothing is left.
    static func writeNew(_ bytes: [UInt8], to path: Path) throws(TreeError) {
        let file = try create(path)
        try write(bytes, to: file, path)
        try finish(file, path)
    }

    /// Writes a file, whole or not at all, in place of another of its name.
    static func replace(_ path: Path, with bytes: [UInt8]) throws(TreeError) {
        let folder = DurableDirectory.holding(path)
        let temporary = NewFile.temporaryName(in: folder)
        try writeNew(bytes, to: temporary)
        do throws(TreeError) {
            try rename(temporary, to: path)
        } catch {
            remove(temporary)
            throw error
        }
        try syncDirectory(folder)
    }

    /// Copies a regular file to a new one and syncs it; on failure nothing is left.
    static func copy(_ old: Path, to new: Path) throws(TreeError) {
        let source = try open(old)
        let file = try create(new)
        var offset = 0
        while true {
            let bytes = try read(source, old, at: offset, count: piece)
            if bytes.isEmpty { break }
            try write(bytes, to: file, new)
            offset &+= bytes.count
        }
        try finish(file, new)
    }

    private static func create(_ path: Path) throws(TreeError) -> NewFile {
        try TreeError.naming("creating", path) { () throws(Errno) in try NewFile(at: path) }
    }

    private static func write(_ bytes: [UInt8], to file: NewFile, _ path: Path) throws(TreeError) {
        try TreeError.naming("writing", path) { () throws(Errno) in try file.write(bytes) }
    }

    private static func finish(_ file: NewFile, _ path: Path) throws(TreeError) {
        try TreeError.naming("writing", path) { () throws(Errno) in try file.finish() }
    }

    /// A whole regular file. Throws with EFBIG for one of more than `limit` bytes, before anything is read.
    static func read(_ path: Path, limit: Int) throws(TreeError) -> [UInt8] {
        let file = try open(path)
        guard file.size <= limit else { throw TreeError("reading", path, EFBIG) }
        return try read(file, path, at: 0, count: file.size)
    }

    /// SHA-256 of a regular file in lowercase hexadecimal, read in pieces; nil where it has another number of bytes,
    /// which is looked at first.
    static func sha256(_ path: Path, bytes expected: Int? = nil) throws(TreeError) -> String? {
        let file = try open(path)
        if let expected, file.size != expected { return nil }
        let hash = SHA256()
        var offset = 0
        while true {
            let bytes = try read(file, path, at: offset, count: piece)
            if bytes.isEmpty { break }
            hash.update(bytes)
            offset &+= bytes.count
        }
        return FileDigest.text(hash.finalize())
    }

    /// A regular file; a link is not followed and a pipe not waited for.
    private static func open(_ path: Path) throws(TreeError) -> RegularFile {
        do throws(RegularFile.Refusal) {
            return try RegularFile(path, followingLinks: false)
        } catch {
            guard case .failed(let error) = error else { throw TreeError("reading", path, EINVAL) }
            throw TreeError("opening", path, error.code)
        }
    }

    /// Fewer bytes than asked for only at the end.
    private static func read(
        _ file: RegularFile, _ path: Path, at offset: Int, count: Int
    ) throws(TreeError) -> [UInt8] {
        try TreeError.naming("reading", path) { () throws(Errno) in try file.read(at: offset, count: count) }
    }
}
