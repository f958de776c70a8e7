import Files
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
                "\(path): the output directory cannot be made (\(error))",
                remedy: "name another with \(option)")
        }
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw UsageError("\(path): is a file, not a directory", remedy: "name a directory with \(option)")
        }
        let probe = (path as NSString).appendingPathComponent(".nctd-\(getpid())")
        do {
            _ = try NewFile(at: Array(probe.utf8))
        } catch {
            throw UsageError(
                "\(path): the output directory is not writable (\(error))",
                remedy: "change its permissions, or name another with \(option)")
        }
    }
}
