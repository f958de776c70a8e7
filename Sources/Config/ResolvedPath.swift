import Files
import Glibc

/// Where a path really leads, so that trees can be compared.
package enum ResolvedPath {
    /// The path with every link in it resolved; what is not there yet stays as it is behind the part that is.
    package static func of(_ path: String) -> String { Answer.within(path) { resolve(path) } ?? path }

    private static func resolve(_ path: String) -> String {
        var rest: [Substring] = []
        var current = path[...]
        while true {
            if let found = realpath(current.isEmpty ? "/" : String(current), nil) {
                defer { free(found) }
                let base = String(cString: found)
                return rest.isEmpty ? base : (base == "/" ? "" : base) + "/" + rest.reversed().joined(separator: "/")
            }
            guard let slash = current.lastIndex(of: "/") else { return path }
            rest.append(current[current.index(after: slash)...])
            current = current[..<slash]
        }
    }

    /// True if both, resolved, are one, or the first lies in the second.
    static func isWithin(_ inner: String, _ outer: String) -> Bool {
        inner == outer || inner.hasPrefix(outer.hasSuffix("/") ? outer : outer + "/")
    }

    package enum Access: Sendable { case read, write }

    /// Why a directory cannot be used.
    package struct Problem: Sendable {
        package let message: String
        package let remedy: String
        /// It may come to be usable by itself, as a share that is mounted late.
        package let isAway: Bool
        /// This account may not, or nobody may in a file system that is read only.
        package var isDenied = false
    }

    /// Why a directory cannot be used; nil if it can. One to be written to may be missing if it can be made.
    package static func problem(of path: String, for access: Access) -> Problem? {
        let answer = Answer.within(path) { look(at: path, for: access) }
        return answer ?? Problem(message: "\(path) does not answer", remedy: "mount its share again", isAway: true)
    }

    private static func look(at path: String, for access: Access) -> Problem? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            guard access == .write, code == ENOENT else {
                return code == ENOENT
                    ? Problem(
                        message: "there is no directory \(path)",
                        remedy: "correct the path, or make or mount the directory", isAway: true)
                    : Problem(
                        message: "\(path) cannot be reached: \(Errno(code: code))",
                        remedy: "correct the path, or check its permissions", isAway: code != ENOTDIR,
                        isDenied: code == EACCES)
            }
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            guard let problem = look(at: parent.isEmpty ? "/" : parent, for: .write) else { return nil }
            return Problem(
                message: "\(path) is not there and cannot be made: \(problem.message)", remedy: problem.remedy,
                isAway: problem.isAway, isDenied: problem.isDenied)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return Problem(message: "\(path) is no directory", remedy: "name a directory", isAway: false)
        }
        let needed = access == .read ? R_OK | X_OK : W_OK | X_OK
        guard Glibc.access(path, needed) == 0 else {
            let error = Errno.current
            return Problem(
                message: "\(path) may not be \(access == .read ? "read" : "written to"): \(error)",
                remedy: error.code == EROFS
                    ? "mount it for writing; a service may write only to what its ReadWritePaths= names"
                    : "give the daemon's user the permission",
                isAway: true, isDenied: [EACCES, EPERM, EROFS].contains(error.code))
        }
        return nil
    }
}
