import Config
import Foundation

/// The captures that a command line names, each with the result's place below the output directory.
struct InputList {
    /// One capture.
    struct Item: Equatable {
        /// The file as it can be opened.
        var path: String
        /// The result's path below the output directory, without extension.
        var stem: String
    }

    private(set) var items: [Item] = []
    /// Named inputs that are neither file nor directory, and directories that could not be read, with the reason.
    private(set) var missing: [(path: String, reason: String)] = []
    private var visited: Set<FileIdentity> = []
    private let skipped: Set<FileIdentity>

    /// Extensions that make a file of a directory a capture; a file that is named itself may have any.
    static let extensions: Set<String> = ["png", "jpg", "jpeg", "tif", "tiff", "bmp"]

    /// Finds the captures: named files as they are, directories walked through, by name.
    ///
    /// Dot files and dot directories are skipped, so are the output directory and that of held results. Symbolic links are followed, a directory
    /// is entered once however many links lead to it.
    init(_ inputs: [String], skipping output: String) {
        skipped = Set([output, OutputSettings.heldDirectory(beside: output)].compactMap(FileIdentity.init))
        for input in inputs {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: input, isDirectory: &isDirectory) else {
                missing.append((input, "there is no such file or directory"))
                continue
            }
            if isDirectory.boolValue {
                visited = []
                walk(input, below: "")
            } else {
                let name = ((input as NSString).lastPathComponent as NSString).deletingPathExtension
                items.append(Item(path: input, stem: name))
            }
        }
    }

    private mutating func walk(_ folder: String, below prefix: String) {
        guard let identity = FileIdentity(folder), !skipped.contains(identity), visited.insert(identity).inserted else {
            return
        }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            missing.append((folder, "the directory cannot be read"))
            return
        }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) where !name.hasPrefix(".") {
            let path = (folder as NSString).appendingPathComponent(name)
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { continue }
            if isDirectory.boolValue {
                walk(path, below: prefix + name + "/")
            } else if Self.extensions.contains((name as NSString).pathExtension.lowercased()) {
                items.append(Item(path: path, stem: prefix + (name as NSString).deletingPathExtension))
            }
        }
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

/// What tells one file from all others, whatever the path that led to it.
struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64

    /// Of the file or directory at a path, links followed; nil if there is none.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
