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

    enum Access { case read, write }

    /// Why a directory cannot be used; nil if it can. One to be written to may be missing if it can be made.
    ///
    /// `isAway`: it may come to be usable by itself, as a share that is mounted late.
    static func problem(of path: String, for access: Access) -> (message: String, remedy: String, isAway: Bool)? {
        let answer = Answer.within(path) { look(at: path, for: access) }
        return answer ?? ("\(path) does not answer", "mount its share again", true)
    }

    private static func look(at path: String, for access: Access) -> (message: String, remedy: String, isAway: Bool)? {
        var status = stat()
        guard stat(path, &status) == 0 else {
            let code = errno
            guard access == .write, code == ENOENT else {
                return code == ENOENT
                    ? ("there is no directory \(path)", "correct the path, or make or mount the directory", true)
                    : (
                        "\(path) cannot be reached: \(Errno(code: code))", "correct the path, or check its permissions",
                        code != ENOTDIR
                    )
            }
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            guard let problem = look(at: parent.isEmpty ? "/" : parent, for: .write) else { return nil }
            return (
                "\(path) is not there and cannot be made: \(problem.message)", problem.remedy, problem.isAway
            )
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return ("\(path) is no directory", "name a directory", false) }
        let needed = access == .read ? R_OK | X_OK : W_OK | X_OK
        guard Glibc.access(path, needed) == 0 else {
            let verb = access == .read ? "read" : "written to"
            return ("\(path) may not be \(verb): \(Errno.current)", "give the daemon's user the permission", true)
        }
        return nil
    }
}
