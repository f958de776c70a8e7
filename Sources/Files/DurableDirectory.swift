import Glibc

/// Directories whose names last through a power cut.
public enum DurableDirectory {
    /// What file systems say that cannot sync a directory.
    private static let cannot: Set<Int32> = [EINVAL, EROFS, ENOTSUP, ENOSYS, EBADF, EISDIR]

    /// Makes the names in a directory last; file systems that cannot are left alone.
    public static func sync(_ path: [UInt8]) throws(Errno) {
        let directory = try Descriptor(opening: path, O_RDONLY | O_DIRECTORY)
        do throws(Errno) {
            try systemCall { fsync(directory.number) }
        } catch let error where cannot.contains(error.code) {}
    }

    /// The directory that a path's last name lies in.
    public static func holding(_ path: [UInt8]) -> [UInt8] {
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [UInt8(ascii: ".")] }
        return Array(path[..<max(slash, 1)])
    }
}
