import Foundation
import Jobs

/// The directory that results go to.
enum OutputDirectory {
    /// Makes the directory if it is missing and proves that a file can be made in it.
    ///
    /// Throws ``UsageError`` saying what stands in the way; a directory is proved by a file that is removed at once.
    static func prepare(_ path: String, option: String = "--output") throws {
        do {
            try SystemError.makeFolder(path)
        } catch {
            throw UsageError(
                "\(path): the output directory cannot be made (\(SystemError.text(error)))",
                remedy: "name another with \(option)")
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw UsageError("\(path): is a file, not a directory", remedy: "name a directory with \(option)")
        }
        let probe = (path as NSString).appendingPathComponent(".nctd-\(getpid())")
        let descriptor = open(probe, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw UsageError(
                "\(path): the output directory is not writable (\(String(cString: strerror(errno))))",
                remedy: "change its permissions, or name another with \(option)")
        }
        close(descriptor)
        unlink(probe)
    }
}
