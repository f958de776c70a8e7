import Config
import Foundation
import ImageFiles
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

        /// Whether the file can be named by a text, such as one in a profile.
        var isText: Bool { path.utf8.elementsEqual(bytes) }

        func read() throws -> ImageFile {
            try ImageReader.decode(ImageReader.contents(ofFileAt: bytes, name: path), name: path)
        }
    }

    private(set) var items: [Item] = []
    /// Named inputs that are neither file nor directory, directories that could not be read and links into nothing, with
    /// the reason.
    private(set) var missing: [(path: String, reason: String)] = []
    private var visited: Set<FileIdentity> = []
    private let skipped: Set<FileIdentity>
    /// Which of the items a symbolic link led to, and to which file.
    private var linked: [(index: Int, file: FileIdentity)] = []

    /// Extensions that make a file of a directory a capture; a file that is named itself may have any.
    static let extensions: Set<String> = ["png", "jpg", "jpeg", "tif", "tiff", "bmp"]

    private static let slash = UInt8(ascii: "/")

    /// Finds the captures: named files as they are, directories walked through, by name.
    ///
    /// What ``BuiltInExclusions`` names is skipped, so are the output directory and that of held results. Symbolic links
    /// are followed, for a person named the directory that they lie in; a directory is entered once however many links
    /// lead to it, and a file that is found under its own name, or by an earlier link, does not count again.
    init(_ inputs: [String], skipping output: String) {
        skipped = Set([output, OutputSettings.heldDirectory(beside: output)].compactMap(FileIdentity.init))
        for input in inputs {
            let bytes = Array(input.utf8)
            switch FileKind(bytes) {
            case .none: missing.append((input, "there is no such file or directory"))
            case .directory:
                visited = []
                walk(bytes, below: [], isLinked: false)
            default:
                let name = Array((input as NSString).lastPathComponent.utf8)
                items.append(Item(path: input, bytes: bytes, stem: Self.text(Self.split(name).stem)))
            }
        }
        dropRepeated()
    }

    /// Takes out what links led to and is there already.
    private mutating func dropRepeated() {
        guard !linked.isEmpty else { return }
        let links = Set(linked.map(\.index))
        var known = Set(
            items.indices.filter { !links.contains($0) }.compactMap { FileIdentity(bytes: items[$0].bytes) })
        let repeated = Set(linked.filter { !known.insert($0.file).inserted }.map(\.index))
        items = items.indices.filter { !repeated.contains($0) }.map { items[$0] }
    }

    private mutating func walk(_ folder: [UInt8], below prefix: [UInt8], isLinked: Bool) {
        guard let identity = FileIdentity(bytes: folder), !skipped.contains(identity),
            visited.insert(identity).inserted
        else { return }
        let names: [[UInt8]]
        do {
            names = try DirectoryListing.names(ofDirectoryAt: folder)
        } catch {
            missing.append((Self.text(folder), "the directory cannot be read (\(error.reason))"))
            return
        }
        for name in names {
            let path = folder + (folder.last == Self.slash ? [] : [Self.slash]) + name
            let (stem, ending) = Self.split(name)
            let isCapture = BuiltInExclusions.rule(ofFile: name) == nil && Self.extensions.contains(ending)
            let isLinked = isLinked || FileKind.isLink(path)
            switch FileKind(path) {
            case .directory:
                guard BuiltInExclusions.rule(ofDirectory: name) == nil else { continue }
                walk(path, below: prefix + name + [Self.slash], isLinked: isLinked)
            case .none:
                // One that was there a moment ago is gone; a link that leads nowhere stays and is said.
                if isCapture, FileKind.isLink(path) {
                    missing.append((Self.text(path), "it is a symbolic link into nothing"))
                }
            case .other:
                if isCapture {
                    if isLinked, let file = FileIdentity(bytes: path) { linked.append((items.count, file)) }
                    items.append(Item(path: Self.text(path), bytes: path, stem: Self.text(prefix + stem)))
                }
            }
        }
    }

    /// The name without its extension, and the extension in lower case.
    private static func split(_ name: [UInt8]) -> (stem: [UInt8], ending: String) {
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")), dot > name.startIndex else { return (name, "") }
        return (Array(name[..<dot]), String(decoding: name[(dot + 1)...], as: UTF8.self).lowercased())
    }

    /// A name as it is, or escaped where it is no text.
    private static func text(_ bytes: [UInt8]) -> String {
        String(validating: bytes, as: UTF8.self) ?? PrintableName.text(bytes)
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

/// What lies at a path, links followed.
enum FileKind {
    case none, directory, other

    init(_ path: [UInt8]) {
        var status = stat()
        guard path.asFileName({ stat($0, &status) }) == 0 else {
            self = .none
            return
        }
        self = status.st_mode & S_IFMT == S_IFDIR ? .directory : .other
    }

    static func isLink(_ path: [UInt8]) -> Bool {
        var status = stat()
        return path.asFileName { lstat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFLNK
    }
}

/// What tells one file from all others, whatever the path that led to it.
struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64

    /// Of the file or directory at a path, links followed; nil if there is none.
    init?(_ path: String) { self.init(bytes: Array(path.utf8)) }

    /// The same for a path of any bytes.
    init?(bytes path: [UInt8]) {
        var status = stat()
        guard path.asFileName({ stat($0, &status) }) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}

extension [UInt8] {
    fileprivate func asFileName<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (self + [0]).withUnsafeBytes { body($0.baseAddress!.assumingMemoryBound(to: CChar.self)) }
    }
}
