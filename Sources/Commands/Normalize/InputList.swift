import Config
import Files
import Foundation
import ImageFiles
import Jobs
import Watching

/// The captures that a command line names, each with the result's place below the output directory.
struct InputList {
    /// One capture.
    struct Item: Equatable {
        /// The file as people are told of it, on one line.
        var path: String
        /// The file as the file system has it, which need not be text.
        var bytes: [UInt8]
        /// The result's path below the output directory, without extension; what is no text is escaped as in `path`.
        var stem: String
        /// The same with the capture's own extension, for captures that differ in it alone.
        var fullStem: String

        /// Whether the file can be named by a text, such as one in a profile.
        var isText: Bool { path.utf8.elementsEqual(bytes) }

        /// Pages that can be captures of their own; 1 where it cannot be read.
        var pageCount: Int { (try? ImageReader.contents(ofFileAt: bytes, name: path)).map(ImageReader.pageCount) ?? 1 }

        func read(_ options: ReadingOptions = ReadingOptions()) throws -> ImageFile {
            try ImageReader.decode(ImageReader.contents(ofFileAt: bytes, name: path), name: path, options: options)
        }
    }

    private(set) var items: [Item] = []
    /// Named inputs that are neither file nor directory, directories that could not be read and links into nothing, with
    /// the reason.
    private(set) var missing: [JobFailure] = []
    /// Symbolic links within directories that are not followed.
    private(set) var links = LeftOutLinks()
    /// Images that are results of nctd, by the sidecars beside them, where these are left out.
    private(set) var results = LeftOutResults()
    /// How many images of directories are of formats that are not read, by the formats' names.
    private(set) var foreign: [String: Int] = [:]
    private let followingLinks: Bool
    private let leavesResultsOut: Bool
    private let skipped: Set<FileIdentity>
    /// Whether a named directory is that of the results.
    private(set) var isAmongResults: Bool
    /// The directories from the named one to the one that is walked.
    private var around: [FileIdentity] = []
    /// The files that were taken; one that is named twice, or besides its directory, is one capture.
    private var taken: Set<[UInt8]> = []
    /// What links of the named directory led to.
    private var linked: Set<FileIdentity> = []

    /// Extensions that make a file of a directory a capture, as for the daemon; a file that is named itself may have any.
    static let extensions = Set(WatchSettings.defaultInclude.map { String($0.dropFirst("*.".count)) })

    private static let slash = UInt8(ascii: "/")

    /// Finds the captures: named files as they are, directories walked through, by name.
    ///
    /// What ``BuiltInExclusions`` names is skipped, so are the output directory and that of held results. A symbolic link
    /// that is named is followed; one that is met within a directory is not, unless that is asked for and what it leads
    /// to lies within the directory too and is not taken by its own name (``LinkState``, as for the daemon).
    ///
    /// - Parameter leavingResultsOut: an image that has a sidecar of nctd beside it is a result and no capture, wherever it
    ///   lies and also if it is named itself.
    init(
        _ inputs: [FileArgument], skipping output: String, followingLinks: Bool = false, leavingResultsOut: Bool = false
    ) {
        self.followingLinks = followingLinks
        leavesResultsOut = leavingResultsOut
        isAmongResults = false
        skipped = Set([output, OutputSettings.heldDirectory(beside: output)].compactMap(FileIdentity.init))
        var named: Set<[UInt8]> = []
        for input in inputs {
            let bytes = input.bytes
            guard named.insert(bytes).inserted else { continue }
            switch FileKind(bytes) {
            case .none: miss(input.name, "there is no such file or directory")
            case .hidden(let error): miss(input.name, hidden: error)
            case .directory:
                linked = []
                if let identity = FileIdentity(bytes: bytes), skipped.contains(identity) {
                    isAmongResults = true
                }
                walk(bytes, below: [], from: bytes, isLinked: false)
            default:
                let name = Array(bytes.split(separator: Self.slash).last ?? [])
                if leavesResultsOut, LeftOutResults.isResult(bytes) {
                    results.add(Self.text(bytes))
                    continue
                }
                take(
                    Item(
                        path: Self.text(bytes), bytes: bytes, stem: Self.text(Self.split(name).stem),
                        fullStem: Self.text(name)))
            }
        }
    }

    /// The images that something is to be learned from, which results of nctd are not; says what is left out.
    ///
    /// Throws ``UsageError`` where there is none.
    init(toLearnFrom inputs: [FileArgument], _ links: LinkOptions, remedy: String, console: Console) throws {
        self.init(inputs, skipping: "", followingLinks: links.followLinks, leavingResultsOut: true)
        guard !items.isEmpty else { throw emptiness(of: inputs, remedy: remedy) }
        tellLeftOut(console)
    }

    /// Warns of links and results that were left out.
    func tellLeftOut(_ console: Console) {
        links.notice.map { console.warn("warning: \($0); \(LeftOutLinks.remedy)") }
        results.notice.map { console.warn("warning: \($0); \(LeftOutResults.remedy)") }
    }

    /// - Parameters:
    ///   - prefix: the folder's path below the named directory, with a slash at its end.
    ///   - root: the named directory.
    ///   - isLinked: whether a link led here.
    private mutating func walk(_ folder: [UInt8], below prefix: [UInt8], from root: [UInt8], isLinked: Bool) {
        guard let identity = FileIdentity(bytes: folder), !skipped.contains(identity) else { return }
        around.append(identity)
        defer { around.removeLast() }
        let names: [[UInt8]]
        do {
            names = try DirectoryListing.names(ofDirectoryAt: folder)
        } catch {
            miss(
                Self.text(folder), "the directory cannot be read (\(error.reason))",
                remedy: "let it be read, or name what is to be normalized")
            return
        }
        for name in names {
            let path = folder + (folder.last == Self.slash ? [] : [Self.slash]) + name
            let stem = Self.split(name).stem
            let kind = FileKind(path)
            let isLink = FileKind.isLink(path)
            switch kind {
            case .directory: guard BuiltInExclusions.rule(ofDirectory: name) == nil else { continue }
            case .hidden(let error):
                if !isLink || Self.isCapture(name) { miss(Self.text(path), hidden: error) }
                continue
            case .none:
                // One that was there a moment ago is gone; a link that leads nowhere stays and counts.
                if isLink, Self.isCapture(name) {
                    miss(Self.text(path), "it is a symbolic link into nothing")
                }
                continue
            case .file, .special:
                guard Self.isCapture(name) else {
                    note(foreign: name)
                    continue
                }
            }
            if isLink || isLinked, let reason = reasonToLeaveOut(prefix + name, kind, path, from: root) {
                links.add(Self.text(path), reason)
            } else if kind == .directory {
                walk(path, below: prefix + name + [Self.slash], from: root, isLinked: isLinked || isLink)
            } else if leavesResultsOut, LeftOutResults.isResult(path) {
                results.add(Self.text(path))
            } else {
                take(
                    Item(
                        path: Self.text(path), bytes: path, stem: Self.text(prefix + stem),
                        fullStem: Self.text(prefix + name)))
            }
        }
    }

    private mutating func take(_ item: Item) {
        if taken.insert(item.bytes).inserted { items.append(item) }
    }

    private mutating func miss(_ name: String, _ reason: String, remedy: String = "check the name") {
        missing.append(JobFailure(file: name, cause: reason, remedy: remedy))
    }

    private mutating func miss(_ name: String, hidden error: Errno) {
        miss(
            name, "it cannot be told what it is (\(error))",
            remedy: "let this account into the folders on the way to it")
    }

    private mutating func note(foreign name: [UInt8]) {
        guard BuiltInExclusions.rule(ofFile: name) == nil else { return }
        if let format = ForeignFormat.ending(Self.split(name).ending) { foreign[format.name, default: 0] += 1 }
    }

    /// Formats that are not read, with their counts; nil if there are none.
    var foreignNotice: String? {
        guard !foreign.isEmpty else { return nil }
        let ways = Dictionary(grouping: ForeignFormat.all.filter { foreign[$0.name] != nil }, by: \.advice)
        let parts = ways.map { advice, formats in
            let counts = formats.sorted { $0.name < $1.name }.map { "\(foreign[$0.name] ?? 0) \($0.name)" }
            return "\(counts.joined(separator: ", ")) (\(advice))"
        }
        return "not read: \(parts.sorted().joined(separator: "; "))"
    }

    /// Why a link, or what was found behind one, is not taken.
    private mutating func reasonToLeaveOut(
        _ name: [UInt8], _ kind: FileKind, _ path: [UInt8], from root: [UInt8]
    ) -> String? {
        guard followingLinks else { return "not followed" }
        guard let identity = FileIdentity(bytes: path) else { return LinkState.nothing.reason { _ in false } }
        if around.contains(identity) { return LinkState.circle.reason { _ in false } }
        if let reason = LinkFollower(root: root).reason(name, isDirectory: kind == .directory) { return reason }
        return linked.insert(identity).inserted ? nil : "another link leads there"
    }

    /// Whether a file of a directory is a capture by its name.
    static func isCapture(_ name: [UInt8]) -> Bool {
        BuiltInExclusions.rule(ofFile: name) == nil && extensions.contains(split(name).ending)
    }

    /// The name without its extension, and the extension in lower case.
    private static func split(_ name: [UInt8]) -> (stem: [UInt8], ending: String) {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return (name, "") }
        return (Array(name[..<dot]), String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
    }

    /// A name as it is, or escaped where it is no text.
    private static func text(_ bytes: [UInt8]) -> String { ProgramArguments.text(bytes) }

    /// Throws ``UsageError`` where a directory that is named is that of the results.
    ///
    /// - Parameter name: of a directory within it that would do.
    func refuseResultsAmongInputs(
        _ directory: String, option: String = "--output", other name: String = "normalized"
    ) throws {
        guard isAmongResults else { return }
        let other = (directory as NSString).appendingPathComponent(name)
        throw UsageError(
            "\(option) \(directory) is the directory of the captures, and results would lie among them",
            remedy: "name another directory, such as \(option) \(other)")
    }

    /// That there is nothing to do.
    func emptiness(of inputs: [FileArgument], remedy: String) -> UsageError {
        if let first = missing.first {
            return UsageError("\(first.subject): \(first.cause)", remedy: remedy)
        }
        if let notice = results.notice {
            return UsageError("no captures in \(inputs.names): \(notice)", remedy: LeftOutResults.remedy)
        }
        let none = "no images in \(inputs.names)" + (foreignNotice.map { " (\($0))" } ?? "")
        return links.notice.map { UsageError("\(none); \($0)", remedy: LeftOutLinks.remedy) }
            ?? UsageError(none, remedy: remedy)
    }

    /// Gives captures of one folder that differ in their extension alone results that have it: `x.png` and `x.jpg` become
    /// `x.png.png` and `x.jpg.png`, in whichever order they come, and also where one of them alone is named. The daemon has
    /// the same rule.
    mutating func tellApart() {
        let counts = items.reduce(into: [String: Int]()) { $0[$1.stem, default: 0] += 1 }
        var folders: [[UInt8]: [[UInt8]: Int]] = [:]
        for index in items.indices {
            let name = Array(items[index].bytes.split(separator: Self.slash).last ?? [])
            let folder = Array(items[index].bytes.dropLast(name.count))
            let stems = folders[folder] ?? Self.captureStems(in: folder)
            folders[folder] = stems
            let isAlone = stems[Self.split(name).stem, default: 0] < (Self.isCapture(name) ? 2 : 1)
            if counts[items[index].stem, default: 0] > 1 || !isAlone { items[index].stem = items[index].fullStem }
        }
    }

    /// How many captures of a folder have a name, without its extension. Results are no captures.
    private static func captureStems(in folder: [UInt8]) -> [[UInt8]: Int] {
        let names = (try? DirectoryListing.names(ofDirectoryAt: folder.isEmpty ? [UInt8(ascii: ".")] : folder)) ?? []
        let all = Set(names)
        return names.filter { isCapture($0) && !all.contains(SidecarName.of($0)) }
            .reduce(into: [:]) { $0[split($1).stem, default: 0] += 1 }
    }

    /// Pairs of captures that would be written to one place.
    var collisions: [(first: String, second: String, stem: String)] {
        var seen: [String: String] = [:]
        var result: [(String, String, String)] = []
        for item in items {
            if let first = seen[item.stem] {
                result.append((first, item.path, item.stem))
            } else {
                seen[item.stem] = item.path
            }
        }
        return result
    }
}
