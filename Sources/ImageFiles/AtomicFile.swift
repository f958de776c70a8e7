import CImageCodecs
import Glibc

/// Writes files so that a reader sees the old content or the new one, never half of it.
public enum AtomicFile {
    /// Writes beside the target under a hidden temporary name, syncs, and moves it into place.
    ///
    /// On any error the temporary file is removed and the target is as it was. A symbolic link at `path` is replaced.
    /// - Throws: `exists` where `overwrite` is false and something has that name, `notFound` where the directory is
    ///   missing, `noSpace`, `cannotWrite`.
    public static func write(_ bytes: [UInt8], to path: String, overwrite: Bool) throws(ImageFileError) {
        var status = stat()
        let occupied = lstat(path, &status) == 0
        if occupied && !overwrite { throw failure(EEXIST, path) }
        if occupied && status.st_mode & S_IFMT == S_IFDIR { throw failure(EISDIR, path) }
        let directory = directory(of: path)
        let (temporary, descriptor) = try createTemporary(in: directory, for: path)
        let failed = fill(descriptor, with: bytes) ?? move(temporary, to: path, overwrite: overwrite)
        if let failed {
            unlink(temporary)
            throw failure(failed, path)
        }
        sync(directory)
    }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func createTemporary(
        in directory: String, for path: String
    ) throws(ImageFileError) -> (String, Int32) {
        while true {
            let name = directory + "/.nctd-" + String(UInt64.random(in: 0 ... .max), radix: 16) + ".tmp"
            let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
            if descriptor >= 0 { return (name, descriptor) }
            if errno != EEXIST && errno != EINTR { throw failure(errno, path) }
        }
    }

    /// Writes, syncs and closes; the error number of what failed first, or nil.
    private static func fill(_ descriptor: Int32, with bytes: [UInt8]) -> Int32? {
        var failed: Int32?
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress! + done, min(buffer.count - done, 1 << 24))
                if count < 0 && errno == EINTR { continue }
                if count < 0 {
                    failed = errno
                    return
                }
                done += count
            }
        }
        // Some network shares report a full disk only here.
        if failed == nil && fsync(descriptor) != 0 && errno != EINVAL { failed = errno }
        if close(descriptor) != 0 && failed == nil && errno != EINTR { failed = errno }
        return failed
    }

    private static func move(_ temporary: String, to path: String, overwrite: Bool) -> Int32? {
        if overwrite { return rename(temporary, path) == 0 ? nil : errno }
        return nct_move_to_new_name(temporary, path) == 0 ? nil : errno
    }

    /// Makes the new name last through a power cut; file systems that cannot are left alone.
    private static func sync(_ directory: String) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ code: Int32, _ path: String) -> ImageFileError {
        switch code {
        case EEXIST:
            ImageFileError(
                .exists, "the file is there already", path: path,
                remedy: "allow overwriting or choose another directory")
        case ENOSPC, EDQUOT, EFBIG:
            ImageFileError(
                .noSpace, "there is no room for the file (\(systemMessage(code)))", path: path,
                remedy: "free space or write elsewhere")
        case ENOENT, ENOTDIR:
            ImageFileError(
                .notFound, "there is no such directory to write to", path: path, remedy: "create it or check the path")
        case EISDIR:
            ImageFileError(.cannotWrite, "this is a directory", path: path, remedy: "give the path of a file")
        default:
            ImageFileError(
                .cannotWrite, "the file cannot be written (\(systemMessage(code)))", path: path,
                remedy: "check the permissions of the directory")
        }
    }
}
