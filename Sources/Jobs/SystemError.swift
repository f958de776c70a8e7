import Files
import Foundation

/// What failed in the system's own words, without Foundation's wrapping.
public enum SystemError {
    /// Makes a folder and those above it; one that is there is left as it is. Foundation's own call often does not hand on
    /// why it failed.
    public static func makeFolder(_ path: String) throws(Errno) {
        if mkdir(path, 0o777) == 0 { return }
        let error = Errno.current
        var isDirectory: ObjCBool = false
        if error.code == EEXIST {
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw Errno(code: ENOTDIR)
            }
            return
        }
        let parent = (path as NSString).deletingLastPathComponent
        guard error.code == ENOENT, !parent.isEmpty, parent != path else { throw error }
        try makeFolder(parent)
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw .current }
    }

    /// Of any error: those of Foundation as the system says them, all others as they describe themselves.
    public static func text(_ error: any Error) -> String {
        let outer = error as NSError
        for part in [outer.userInfo[NSUnderlyingErrorKey] as? NSError, outer] {
            if let part, part.domain == NSPOSIXErrorDomain { return "\(Errno(code: Int32(part.code)))" }
        }
        guard outer.domain == NSCocoaErrorDomain else { return "\(error)" }
        return numbers[outer.code].map { "\(Errno(code: $0))" } ?? "error \(outer.code) of the file system"
    }

    /// Foundation's codes for what the system refused, where it does not hand on the system's own number.
    private static let numbers: [Int: Int32] = [
        4: ENOENT, 257: EACCES, 258: EINVAL, 260: ENOENT, 263: EFBIG, 513: EACCES, 514: EINVAL, 516: EEXIST,
        640: ENOSPC,
        642: EROFS,
    ]
}
