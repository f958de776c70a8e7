import ArgumentParser
import Config
import Watching

/// What is done about symbolic links that are met within the directories a command is given: the rule of the daemon's
/// `follow_links`. What is named itself is taken whatever it is.
struct LinkOptions: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Also take what symbolic links within a directory lead to, if that is within it too.",
            discussion: "Without it they are left out, with a note. A link that is named itself is followed."))
    var followLinks = false
}

/// Symbolic links that a command met and left out.
struct LeftOutLinks {
    /// With the reason.
    private(set) var all: [(path: String, reason: String)] = []

    mutating func add(_ path: String, _ reason: String) { all.append((path, reason)) }

    /// Names that a notice has at most.
    private static let named = 10

    /// How many there are and which, on one line; nil if there are none.
    var notice: String? {
        guard !all.isEmpty else { return nil }
        let names = all.prefix(Self.named).map { "\(PrintableName.text($0.path)): \($0.reason)" }
        let more = all.count > Self.named ? "; and \(all.count - Self.named) more" : ""
        return all.count.counted("symbolic link is", "symbolic links are")
            + " left out (\(names.joined(separator: "; "))\(more))"
    }

    static let remedy = "name what they lead to, or use --follow-links for those that stay within their directory"
}

/// Symbolic links below one directory that was named.
struct LinkFollower {
    private let root: String

    init(root: [UInt8]) { self.root = String(decoding: root, as: UTF8.self) }

    /// Why what a link leads to, or what was found behind one, is left out; nil if it may be taken.
    ///
    /// - Parameter path: below the directory.
    func reason(_ path: [UInt8], isDirectory: Bool) -> String? {
        guard let path = CapturePath(bytes: path) else { return "its name is too long" }
        let state = LinkState.resolve(root: root, path: path)
        return state == .outside ? "it leads out of \(root)" : state.reason { !isDirectory && Self.isCapture($0) }
    }

    /// Whether a path is taken by its own name.
    private static func isCapture(_ path: CapturePath) -> Bool {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        guard let name = parts.last else { return false }
        return parts.dropLast().allSatisfy { BuiltInExclusions.rule(ofDirectory: $0) == nil }
            && InputList.isCapture(Array(name))
    }
}
