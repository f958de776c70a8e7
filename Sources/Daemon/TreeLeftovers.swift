import Config
import Files
import Glibc
import Watching

/// What lies in a tree of results and belongs to no result: images without sidecars, and hidden files of a commit that
/// died.
struct TreeLeftovers {
    enum Kind {
        /// Half written, by a process that died.
        case temporary
        /// An image, or a version of one, without a sidecar.
        case image
        /// It was put aside, and is nobody's concern.
        case aside
    }

    private let tree: [UInt8]
    /// What is younger may be in work, seconds since 1970.
    private let newest: Int

    /// - Parameter isRunning: a daemon may be committing just now.
    init(_ tree: [UInt8], isRunning: Bool) {
        self.tree = tree
        newest = isRunning ? time(nil) - 60 : .max
    }

    /// Each with what it is. What cannot be listed is told by whoever reads the sidecars.
    func find() -> [(name: [UInt8], kind: Kind)] {
        var found: [(name: [UInt8], kind: Kind)] = []
        var folders: [[UInt8]] = [[]]
        while let folder = folders.popLast() {
            let prefix = folder.isEmpty ? [] : folder + [UInt8(ascii: "/")]
            let entries = (try? TreeFiles.names(in: tree + [UInt8(ascii: "/")] + folder)) ?? []
            let names = Set(entries.map(\.name))
            for entry in entries {
                if entry.isDirectory {
                    folders.append(prefix + entry.name)
                } else if let kind = kind(entry.name, among: names), isOld(prefix + entry.name) {
                    found.append((prefix + entry.name, kind))
                }
            }
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Whether an image lies under a name, without a sidecar, and is in nobody's work.
    func isImage(_ name: [UInt8]) -> Bool { isAlone(name) && isOld(name) }

    /// Whether one lies there that may be in work: its sidecar may come yet.
    func isFresh(_ name: [UInt8]) -> Bool { isAlone(name) && !isOld(name) }

    private func isAlone(_ name: [UInt8]) -> Bool {
        let path = tree + [UInt8(ascii: "/")] + name
        return TreeFiles.exists(path) && !TreeFiles.exists(OutputNames.sidecar(path))
    }

    private func kind(_ name: [UInt8], among names: Set<[UInt8]>) -> Kind? {
        if NewFile.isTemporary(name) { return .temporary }
        if OutputNames.isAside(name) { return .aside }
        if name.elementsEqual(TreeMarker.fileName.utf8) || SidecarName.image(of: name) != nil { return nil }
        if name.first == UInt8(ascii: "."), !names.contains(OutputNames.sidecar(name)) { return nil }
        return names.contains(OutputNames.sidecar(name)) ? nil : .image
    }

    private func isOld(_ name: [UInt8]) -> Bool {
        var status = stat()
        let path = tree + [UInt8(ascii: "/")] + name
        guard withPath(path, { lstat($0, &status) }) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG && status.st_mtim.tv_sec <= newest
    }
}
