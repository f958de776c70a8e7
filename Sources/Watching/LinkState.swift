import Files
import Glibc

/// Where a symbolic link below a root leads, for whoever decides whether what it leads to is a capture.
public enum LinkState: Sendable, Hashable {
    /// Links are not followed in this root.
    case notFollowed
    /// To a file or directory of the same root, by the name that it has without any link.
    case target(CapturePath)
    case outside
    case nothing
    /// To itself, or to the root.
    case circle

    /// Resolves a path below a root, links in any of its components followed. Calls block.
    public static func resolve(root: String, path: CapturePath) -> LinkState {
        guard let top = realName(Array(root.utf8)) else { return .nothing }
        guard let place = realName(Array(root.utf8) + [UInt8(ascii: "/")] + path.bytes) else {
            return errno == ELOOP ? .circle : .nothing
        }
        guard place != top else { return .circle }
        let prefix = top.last == UInt8(ascii: "/") ? top : top + [UInt8(ascii: "/")]
        guard place.starts(with: prefix), let target = CapturePath(bytes: place.dropFirst(prefix.count)) else {
            return .outside
        }
        return .target(target)
    }

    /// Where a path leads, printable; nil if there is nothing.
    static func place(of path: String) -> String? { realName(Array(path.utf8)).map { CapturePath.printable($0) } }

    /// The absolute name without links; nil with `errno` if there is nothing.
    private static func realName(_ path: [UInt8]) -> [UInt8]? {
        withPath(path) { path in
            guard let name = realpath(path, nil) else { return nil }
            defer { free(name) }
            return UnsafeBufferPointer(start: name, count: strlen(name)).map { UInt8(bitPattern: $0) }
        }
    }

    /// Why the link is left out; nil if what it leads to may be taken under the link's name.
    ///
    /// - Parameter isCapture: whether a path of the root is a capture by its own name.
    public func reason(isCapture: (CapturePath) -> Bool) -> String? {
        switch self {
        case .notFollowed: "a symbolic link (follow_links = false)"
        case .outside: "a symbolic link that leads out of the watched tree"
        case .nothing: "a symbolic link into nothing"
        case .circle: "a symbolic link in a circle"
        case .target(let target):
            isCapture(target) ? "a symbolic link to \(target), which is a capture by its own name" : nil
        }
    }
}

extension Sighting {
    /// What a name below a root is now; nil if it is neither a regular file nor a link. Throws ``FileError``.
    static func look(root: String, path: CapturePath, followingLinks: Bool) throws(FileError) -> Sighting? {
        if let stamp = try ReadOnlyFile.stamp(root: root, path: path) { return Sighting(path: path, stamp: stamp) }
        guard let own = try ReadOnlyFile.linkStamp(root: root, path: path) else { return nil }
        guard followingLinks else { return Sighting(path: path, stamp: own, link: .notFollowed) }
        let link = LinkState.resolve(root: root, path: path)
        guard case .target(let target) = link else { return Sighting(path: path, stamp: own, link: link) }
        return try ReadOnlyFile.stamp(root: root, path: target).map { Sighting(path: path, stamp: $0, link: link) }
    }
}
