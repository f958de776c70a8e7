import Foundation

/// What failed in the system's own words, without Foundation's wrapping.
public enum SystemError {
    /// An error number of the system.
    struct Refusal: Error, CustomStringConvertible {
        let code: Int32
        var description: String { String(cString: strerror(code)) }
    }

    /// Makes a folder and those above it; one that is there is left as it is. Foundation's own call often does not hand on
    /// why it failed.
    public static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o777) == 0 { return }
        let code = errno
        var isDirectory: ObjCBool = false
        if code == EEXIST {
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
                throw Refusal(code: ENOTDIR)
            }
            return
        }
        let parent = (path as NSString).deletingLastPathComponent
        guard code == ENOENT, !parent.isEmpty, parent != path else { throw Refusal(code: code) }
        try makeFolder(parent)
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw Refusal(code: errno) }
    }

    /// Of any error: those of Foundation as the system says them, all others as they describe themselves.
    public static func text(_ error: any Error) -> String {
        let outer = error as NSError
        for part in [outer.userInfo[NSUnderlyingErrorKey] as? NSError, outer] {
            if let part, part.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(part.code))) }
        }
        guard outer.domain == NSCocoaErrorDomain else { return "\(error)" }
        return numbers[outer.code].map { String(cString: strerror($0)) } ?? "error \(outer.code) of the file system"
    }

    /// Foundation's codes for what the system refused, where it does not hand on the system's own number.
    private static let numbers: [Int: Int32] = [
        4: ENOENT, 257: EACCES, 258: EINVAL, 260: ENOENT, 263: EFBIG, 513: EACCES, 514: EINVAL, 516: EEXIST,
        640: ENOSPC,
        642: EROFS,
    ]
}
