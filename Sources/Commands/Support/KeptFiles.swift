import Config
import Foundation

/// The files that a command reads and those that it writes: none is written that is read, whatever the command is told, none
/// twice, and none that is there already unless that is asked for.
struct KeptFiles {
    /// What is read: inputs, references, profiles.
    private var kept: [FileIdentity: String] = [:]
    /// What will be written, by its place, with the option that says where.
    private var targets: [String: String] = [:]
    /// A file that is read, by each directory above it, and one that will be written.
    private var (keptBelow, targetsBelow): ([String: String], [String: String]) = ([:], [:])
    /// Directories as they were named, with their links resolved.
    private var resolved: [String: String] = [:]

    /// What becomes of a file that is there already.
    enum Existing {
        case refused, replaced
        /// The command sees to it when its turn comes.
        case seenLater
        /// It has the bytes that it is to have, and is left alone.
        case same

        /// By the flag `--overwrite`.
        init(overwrite: Bool) { self = overwrite ? .replaced : .refused }
    }

    // MARK: What is read

    /// Keeps what lies at a path; nothing there is nothing to keep.
    mutating func keep(_ path: String) { keep(Array(path.utf8), named: path) }

    mutating func keep(_ path: [UInt8], named name: String) {
        guard let identity = FileIdentity(bytes: path) else { return }
        kept[identity] = kept[identity] ?? name
        enter(name, at: place(of: String(decoding: path, as: UTF8.self)), in: \.keptBelow)
    }

    /// Keeps the images of a list.
    mutating func keep(_ items: [InputList.Item]) {
        for item in items { keep(item.bytes, named: item.path) }
    }

    /// Keeps a profile and all files that it names.
    mutating func keep(_ profile: Profile) {
        profile.references.forEach { keep($0) }
        for path in [profile.path, profile.palette, profile.capturePalette, profile.weights] {
            if let path { keep(path) }
        }
        keep(profile.flatField)
    }

    /// Keeps the file of a light, where it is one.
    mutating func keep(_ light: FlatFieldChoice?) {
        if case .file(let path) = light { keep(path) }
    }

    // MARK: What is written

    /// Takes a place for a file that will be written.
    ///
    /// Throws ``UsageError`` where a kept file lies there, the command will write another there, a directory has the name,
    /// or something does that may not be replaced.
    ///
    /// - Parameter isPicture: it is written as PNG, and by its name it must be one.
    mutating func claim(
        _ target: String, option: String = "--output", isPicture: Bool = false, existing: Existing
    ) throws {
        if existing != .same { try check(target, option: option) }
        let place = place(of: target)
        if let other = targets[place] {
            throw UsageError(
                other == option
                    ? "two results would both become \(target)"
                    : "\(other) and \(option) would both write \(target)",
                remedy: other == option
                    ? "rename one of the images, or give each its own --output" : "name another place with \(option)")
        }
        if isPicture, !target.lowercased().hasSuffix(".png") {
            throw UsageError(
                "\(option) \(target): a PNG file is written, which that name does not say",
                remedy: "give a name that ends in .png")
        }
        let bytes = Array(target.utf8)
        if existing == .refused || existing == .replaced, FileKind(bytes) == .directory {
            throw UsageError("\(target) is a directory", remedy: "name a file with \(option)")
        }
        if existing == .refused, FileKind.exists(bytes) {
            throw UsageError(
                "\(target) exists", remedy: "use --overwrite to replace it, or name another with \(option)")
        }
        targets[place] = option
        enter(target, at: place, in: \.targetsBelow)
    }

    /// Throws ``UsageError`` if what is to be written would take the place of a kept file.
    private func check(_ target: String, option: String) throws {
        guard let identity = FileIdentity(target), let name = kept[identity] else { return }
        throw UsageError(
            "the result \(target) would take the place of \(name), which is read",
            remedy: "name another place with \(option)")
    }

    /// Refuses a folder that files of any name are written into, where a kept file or another result lies in it.
    mutating func check(folder: String, option: String) throws {
        let place = directory(folder)
        if let name = keptBelow[place] {
            throw UsageError("\(name), which is read, lies in \(folder)", remedy: "name another place with \(option)")
        }
        if let name = targetsBelow[place] {
            throw UsageError(
                "the result \(name) would lie in \(folder), whose files \(option) replaces",
                remedy: "name another place with \(option)")
        }
    }

    // MARK: Places

    /// A path with the links to its folder resolved; a link that has its name would itself be replaced.
    private mutating func place(of path: String) -> String {
        let folder = directory(Self.folder(of: path))
        return (folder == "/" ? "" : folder) + "/" + (path.split(separator: "/").last ?? "")
    }

    /// The folder that a path's last name lies in. Foundation's own traps at a path of one letter.
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private mutating func directory(_ path: String) -> String {
        if let known = resolved[path] { return known }
        let whole = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        let found = (ResolvedPath.of(whole) as NSString).standardizingPath
        resolved[path] = found
        return found
    }

    /// Enters a file at all directories above its place.
    private mutating func enter(
        _ name: String, at place: String, in below: WritableKeyPath<KeptFiles, [String: String]>
    ) {
        var folder = Self.folder(of: place)
        while self[keyPath: below][folder] == nil, !folder.isEmpty {
            self[keyPath: below][folder] = name
            folder = folder == "/" ? "" : Self.folder(of: folder)
        }
    }
}
