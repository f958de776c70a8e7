import Foundation
import TestSupport
import Watching

/// A folder of its own whose entries may have any names.
final class Tree: Sendable {
    private let space: Workspace
    let root: String

    init() throws {
        space = try Workspace()
        root = (space.path as NSString).appendingPathComponent("root")
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    }

    /// A path beside the root.
    func outside(_ name: String) -> String { space(name) }

    private func full(_ name: [UInt8]) -> [CChar] {
        (Array(root.utf8) + [UInt8(ascii: "/")] + name + [0]).map { CChar(bitPattern: $0) }
    }

    private func check(_ result: Int32, _ name: [UInt8]) throws {
        guard result >= 0 else { throw FileError(code: errno, attempt: "change", path: CapturePath.printable(name)) }
    }

    func directory(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: root + "/" + name, withIntermediateDirectories: true)
    }

    func write(_ name: [UInt8], _ bytes: [UInt8] = [1]) throws {
        let file = open(full(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        try check(file, name)
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            try check(written > 0 ? 0 : -1, name)
            rest = rest.dropFirst(written)
        }
    }

    func write(_ name: String, _ bytes: [UInt8] = [1]) throws {
        if let parent = CapturePath(name)?.parent { try directory(parent.description) }
        try write(Array(name.utf8), bytes)
    }

    func rename(_ old: String, _ new: String) throws {
        try check(Foundation.rename(root + "/" + old, root + "/" + new), Array(old.utf8))
    }

    func link(_ target: String, _ name: String) throws {
        try check(symlink(target, root + "/" + name), Array(name.utf8))
    }

    func hardLink(_ old: String, _ new: String) throws {
        try check(Foundation.link(old.hasPrefix("/") ? old : root + "/" + old, root + "/" + new), Array(new.utf8))
    }

    func fifo(_ name: String) throws { try check(mkfifo(root + "/" + name, 0o644), Array(name.utf8)) }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: root + "/" + name) }
}

func path(_ text: String) -> CapturePath { CapturePath(text) ?? CapturePath(bytes: [63])! }
