import Glibc

/// Writes files so that a reader sees the old content or the new one, never half of it.
public enum AtomicFile {
    /// Writes beside the target under a hidden temporary name, syncs, and moves it into place.
    ///
    /// On any error the temporary file is removed and the target is as it was. A symbolic link at `path` is replaced.
    /// Throws EEXIST where `overwrite` is false and something has that name, EISDIR where a directory has it.
    public static func write(_ bytes: [UInt8], to path: [UInt8], overwrite: Bool) throws(Errno) {
        var status = stat()
        if withPath(path, { lstat($0, &status) }) == 0 {
            if !overwrite { throw Errno(code: EEXIST) }
            if status.st_mode & S_IFMT == S_IFDIR { throw Errno(code: EISDIR) }
        }
        let directory = DurableDirectory.holding(path)
        let file = try NewFile.temporary(in: directory)
        try file.write(bytes)
        try file.finish(as: path, overwrite: overwrite)
        // The file is there and whole; that its name lasts cannot be had everywhere.
        try? DurableDirectory.sync(directory)
    }
}
