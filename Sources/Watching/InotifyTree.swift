/// Which directory each watch stands for. A directory knows its parent, so that renaming one renames all below it.
package struct InotifyTree {
    package struct Identity: Equatable {
        var device: UInt64
        var inode: UInt64

        package init(device: UInt64, inode: UInt64) { (self.device, self.inode) = (device, inode) }
    }

    /// What an event means, and for whom.
    package struct Change: Equatable {
        var subscriber: Int
        package var mail: InotifyMailbox.Mail
    }

    private struct Node {
        var subscriber: Int
        /// Nil for a root, and for a directory that was moved away.
        var parent: Int32?
        var name: [UInt8]
        var identity: Identity
        var children: [[UInt8]: Int32] = [:]
    }

    package init() {}

    private var nodes: [Int32: Node] = [:]
    private var roots: [Int: Int32] = [:]
    /// Moved away, by the cookie that the other half of the move will have.
    private var detached: [UInt32: Int32] = [:]

    var count: Int { nodes.count }

    /// True if the directory at a path is watched and is still that one.
    func holds(_ path: CapturePath?, _ identity: Identity, of subscriber: Int) -> Bool {
        find(path, of: subscriber).flatMap { nodes[$0] }?.identity == identity
    }

    private func find(_ path: CapturePath?, of subscriber: Int) -> Int32? {
        var watch = roots[subscriber]
        for component in path?.bytes.split(separator: UInt8(ascii: "/")) ?? [] {
            watch = watch.flatMap { nodes[$0]?.children[Array(component)] }
        }
        return watch
    }

    /// Notes a watch.
    ///
    /// - Returns: false if its parent is not watched, so that events say nothing of where it is; and the watches that
    ///   nobody needs any more: those of what was there before, or the new one itself.
    package mutating func place(
        _ watch: Int32, _ path: CapturePath?, _ identity: Identity, of subscriber: Int
    ) -> (isPlaced: Bool, unneeded: [Int32]) {
        // A directory that two roots share by a bind mount stays the first one's.
        if let node = nodes[watch], node.subscriber != subscriber { return (true, []) }
        let parent = path.flatMap { find($0.parent, of: subscriber) }
        // One that is known already was reached under a name that it no longer has; it stays where it is.
        if path != nil, parent == nil { return (false, nodes[watch] == nil ? [watch] : []) }
        // So is one that would be below itself: names change while a scan goes by them.
        if let parent, lies(parent, within: watch) { return (false, []) }
        let name = path.map { Array($0.name) } ?? []
        unlink(watch)
        var unneeded: [Int32] = []
        let old = path == nil ? roots[subscriber] : parent.flatMap { nodes[$0]?.children[name] }
        if let old, old != watch { unneeded = remove(subtree: old) }
        nodes[watch, default: Node(subscriber: subscriber, parent: nil, name: [], identity: identity)].name = name
        nodes[watch]?.parent = parent
        nodes[watch]?.identity = identity
        if let parent { nodes[parent]?.children[name] = watch } else { roots[subscriber] = watch }
        return (true, unneeded)
    }

    /// Whether a watch is another one or below it.
    private func lies(_ watch: Int32, within top: Int32) -> Bool {
        var current: Int32? = watch
        while let place = current {
            if place == top { return true }
            current = nodes[place]?.parent
        }
        return false
    }

    /// Takes a watch out of its parent; its own children stay with it.
    private mutating func unlink(_ watch: Int32) {
        guard let node = nodes[watch] else { return }
        if let parent = node.parent, nodes[parent]?.children[node.name] == watch {
            nodes[parent]?.children[node.name] = nil
        }
        if roots[node.subscriber] == watch { roots[node.subscriber] = nil }
        nodes[watch]?.parent = nil
        for (cookie, other) in detached where other == watch { detached[cookie] = nil }
    }

    private mutating func remove(subtree top: Int32) -> [Int32] {
        unlink(top)
        var removed: [Int32] = []
        var rest = [top]
        while let watch = rest.popLast() {
            guard let node = nodes.removeValue(forKey: watch) else { continue }
            removed.append(watch)
            rest += node.children.values
        }
        return removed
    }

    mutating func removeAll(of subscriber: Int) -> [Int32] {
        let own = nodes.filter { $0.value.subscriber == subscriber }.map(\.key)
        return own.flatMap { remove(subtree: $0) }
    }

    /// Gives up what was moved away and did not come back.
    mutating func removeDetached() -> [Int32] {
        let away = Array(detached.values)
        detached = [:]
        return away.flatMap { remove(subtree: $0) }
    }

    /// What an event of the kernel means.
    package mutating func take(_ watch: Int32, _ mask: UInt32, _ cookie: UInt32, _ name: [UInt8]) -> [Change] {
        guard let node = nodes[watch] else { return [] }
        let isRoot = roots[node.subscriber] == watch
        func has(_ bit: InotifyBit) -> Bool { mask & bit.rawValue != 0 }
        if has(.ignored) {
            unlink(watch)
            nodes[watch] = nil
            return isRoot ? [Change(subscriber: node.subscriber, mail: .rootGone)] : []
        }
        if has(.unmount) || has(.moveSelf) {
            return isRoot ? [Change(subscriber: node.subscriber, mail: .rootGone)] : []
        }
        guard !name.isEmpty, let path = path(of: watch, name) else { return [] }
        if has(.isDirectory) {
            if has(.movedFrom), let moved = node.children[name] {
                unlink(moved)
                detached[cookie] = moved
            }
            if has(.movedTo), let moved = detached[cookie], let identity = nodes[moved]?.identity {
                // What it replaces, an empty directory, has lost its watch already.
                _ = place(moved, path, identity, of: node.subscriber)
            }
            return has(.movedTo) || has(.create) ? [Change(subscriber: node.subscriber, mail: .directory(path))] : []
        }
        guard has(.closeWrite) || has(.movedTo) || has(.create) else { return [] }
        return [Change(subscriber: node.subscriber, mail: .file(path))]
    }

    /// Nil for what is below a directory that was moved away.
    private func path(of watch: Int32, _ name: [UInt8]) -> CapturePath? {
        var parts = [name]
        var current = watch
        while let node = nodes[current] {
            guard let parent = node.parent else {
                guard roots[node.subscriber] == current else { return nil }
                return CapturePath(bytes: parts.reversed().joined(separator: [UInt8(ascii: "/")]))
            }
            parts.append(node.name)
            current = parent
        }
        return nil
    }
}

/// The event bits that matter here. Source: inotify(7).
package enum InotifyBit: UInt32 {
    case closeWrite = 0x8
    case movedFrom = 0x40
    case movedTo = 0x80
    case create = 0x100
    case moveSelf = 0x800
    case unmount = 0x2000
    case ignored = 0x8000
    case isDirectory = 0x4000_0000
}
