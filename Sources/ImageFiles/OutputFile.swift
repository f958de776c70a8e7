import Files
import Glibc

/// Writing files whole, with errors in words.
public enum OutputFile {
    /// Writes a file under a hidden name, syncs it, and moves it to its place: a reader sees the old content or the new.
    ///
    /// - Throws: `exists` where `overwrite` is false and something has that name, `notFound` where the directory is
    ///   missing, `noSpace`, `cannotWrite`.
    public static func write(_ bytes: [UInt8], to path: String, overwrite: Bool) throws(ImageFileError) {
        do throws(Errno) {
            try AtomicFile.write(bytes, to: Array(path.utf8), overwrite: overwrite)
        } catch {
            throw failure(error, path)
        }
    }

    /// What an error of writing a file means for a person.
    package static func failure(_ error: Errno, _ path: String) -> ImageFileError {
        switch error.code {
        case EEXIST:
            ImageFileError(
                .exists, "the file is there already", path: path,
                remedy: "allow overwriting or choose another directory")
        case ENOSPC, EDQUOT, EFBIG:
            ImageFileError(
                .noSpace, "there is no room for the file (\(error))", path: path,
                remedy: "free space or write elsewhere")
        case ENOENT, ENOTDIR:
            ImageFileError(
                .notFound, "there is no such directory to write to", path: path, remedy: "create it or check the path")
        case ENAMETOOLONG:
            ImageFileError(
                .cannotWrite, "the file system takes no name that long", path: path,
                remedy: "give the image a shorter name")
        case EISDIR:
            ImageFileError(.cannotWrite, "this is a directory", path: path, remedy: "give the path of a file")
        default:
            ImageFileError(
                .cannotWrite, "the file cannot be written (\(error))", path: path,
                remedy: "check the permissions of the directory")
        }
    }
}
