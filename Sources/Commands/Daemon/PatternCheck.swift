import Config
import NCTEngine
import Watching

/// What the patterns of a watched tree match in it now, and which of them look as if they were meant otherwise.
struct PatternCheck {
    /// One pattern, and what it matches now.
    private struct Entry {
        /// As in the configuration: `exclude`, or the name of a rule.
        var key: String
        var pattern: GlobPattern
        /// The same in any folder; nil where it is that already.
        var anywhere: GlobPattern?
        var files = 0
        var folders: Set<[UInt8]> = []
        /// Files that it would match in any folder.
        var deeper = 0
        /// Folders whose own name it matches.
        var namesakes = 0

        init(_ key: String, _ pattern: GlobPattern) {
            (self.key, self.pattern) = (key, pattern)
            let text = pattern.text
            if text.contains("/"), !text.hasPrefix("**/") {
                anywhere = try? GlobPattern("**/" + text.drop { $0 == "/" })
            }
        }
    }

    private let root: String
    private var entries: [Entry] = []
    private var files = 0

    init(_ watch: WatchSettings) {
        root = watch.path
        let include = watch.include == WatchSettings.defaultInclude ? [] : watch.include
        let all =
            watch.exclude.map { ("exclude", $0) } + include.map { ("include", $0) }
            + watch.rules.compactMap { rule in rule.pathPattern.map { ("path of \(rule.name)", $0) } }
        // A pattern that cannot be read is a problem of the configuration, which has none here.
        entries = all.compactMap { key, text in (try? GlobPattern(text)).map { Entry(key, $0) } }
    }

    mutating func add(file path: CapturePath) {
        files += 1
        for index in entries.indices {
            if entries[index].pattern.matches(path) {
                entries[index].files += 1
                entries[index].folders.insert(path.parent?.bytes ?? [])
            } else if entries[index].anywhere?.matches(path) ?? false {
                entries[index].deeper += 1
            }
        }
    }

    mutating func add(folder path: CapturePath) {
        for index in entries.indices where entries[index].pattern.matches(path) { entries[index].namesakes += 1 }
    }

    /// What each pattern matches now.
    var counts: [CheckReport.Pattern] {
        entries.map {
            CheckReport.Pattern(key: $0.key, pattern: $0.pattern.text, files: $0.files, folders: $0.folders.count)
        }
    }

    /// Patterns that can match nothing, or match nothing now and would if they were written otherwise, each with what to
    /// write.
    var warnings: [String] {
        entries.compactMap { entry in
            let text = entry.pattern.text
            func warn(_ why: String) -> String {
                "\(entry.key) \"\(text)\" \(why); write \"\(suggestion(for: text))\" for what lies in folders of that name "
                    + "anywhere in the tree"
            }
            if let why = impossibility(of: text) { return warn("can match nothing: \(why)") }
            guard entry.files == 0, files > 0 else { return nil }
            if entry.deeper > 0 {
                return warn(
                    "matches nothing now, for a pattern with / begins at the top of the tree, and there is none, but "
                        + entry.deeper.counted("file of such a name lies", "files of such a name lie") + " deeper in it"
                )
            }
            if entry.namesakes > 0 {
                return warn(
                    "matches no file now, but \(entry.namesakes.counted("folder")), and patterns are held against files"
                )
            }
            return nil
        }
    }

    /// Why a pattern can match no file, wherever the tree's files lie; nil if it may.
    private func impossibility(of text: String) -> String? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if text.hasSuffix("/") { return "it ends with /, and no file does" }
        if text.hasPrefix(root + "/") { return "it is held against the path below \(root)" }
        if parts.dropFirst().contains("") { return "it has // in it" }
        if parts.count > 1, parts.contains(where: { $0 == "." || $0 == ".." || $0 == "~" }) {
            return "it has a folder ., .. or ~ in it, and the tree's paths have none"
        }
        return nil
    }

    /// The folder or name that was meant, anywhere in the tree.
    private func suggestion(for text: String) -> String {
        var core = text.hasPrefix(root + "/") ? String(text.dropFirst(root.count)) : text
        let isFolder = core.hasSuffix("/") || core.hasSuffix("/**") || !core.contains("/")
        if core.hasSuffix("/**") { core.removeLast(2) }
        let parts = core.split(separator: "/").filter { $0 != "." && $0 != ".." && $0 != "~" && $0 != "**" }
        return "**/" + parts.joined(separator: "/") + (isFolder ? "/**" : "")
    }
}
