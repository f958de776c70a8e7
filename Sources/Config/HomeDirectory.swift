/// `~` at the beginning of a path: a shell puts a home directory in its place, a file's text and a word after `=` do not
/// get that.
public enum HomeDirectory {
    /// What is wrong with a path that begins so; nil for any other.
    public static func problem(of path: String) -> String? {
        path == "~" || path.hasPrefix("~/")
            ? "\(path) begins with ~, which is a folder of that name here and no home directory" : nil
    }

    public static let remedy = "write the whole path, such as /home/lab/captures"
}
