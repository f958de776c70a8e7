import Config
import Files
import Foundation
import Jobs
import Ledger
import Synchronization
import Watching

/// Opens the trees that results, reasons and state are written to, and only those: a tree is known by its marker
/// (``TreeMarker``) and by the mount that it lay on, both kept in the ledger.
///
/// A tree that is seen for the first time gets a marker if it is empty, not there yet, or holds what an earlier version
/// left; from then on a place without that marker is not written to. A tree whose marker names another state directory is
/// another daemon's, and is refused.
public final class WrittenTrees: Sendable {
    private let ledger: Ledger
    private let known: Mutex<[String: TreeIdentity]>
    private let locks = Dictionary(uniqueKeysWithValues: WrittenTree.allCases.map { ($0, NSLock()) })
    /// Of the state directory, for the markers.
    private let state: String?
    private let rules = Mutex<[Place: NameRules]>([:])
    /// Trees that were opened since the start.
    private let seen = Mutex<Set<String>>([])

    private struct Place: Hashable {
        var directory: [UInt8]
        var device: UInt64
    }

    /// Entries of a tree that is seen for the first time that are looked at before it counts as somebody else's.
    private static let glance = 100

    /// - Parameter state: the id of the state directory.
    public init(_ ledger: Ledger, state: String? = nil) throws {
        self.ledger = ledger
        self.state = state
        known = Mutex(try ledger.trees())
    }

    /// Opens a tree for writing, and makes it where it is new. Calls block. Throws ``TreeError``. The first time, the hidden
    /// files go that a process which died left at its top: of its marker, or of what names were tried by.
    public func open(_ tree: WrittenTree, at directory: String) throws(TreeError) -> OpenTree {
        // One at a time: two captures may come to be the first of a new tree. A tree that hangs holds up itself alone.
        let lock = locks[tree] ?? NSLock()
        lock.lock()
        defer { lock.unlock() }
        let before = known.withLock { $0[directory] }
        var (opened, marker) = try Self.look(at: directory, tree, known: before, state: state)
        if opened == nil {
            try TreeFiles.makeDirectories(Array(directory.utf8), below: Array(directory.utf8))
            opened = try OpenTree(Array(directory.utf8))
        }
        guard let opened else { throw Self.away(directory, "it is not there") }
        if let found = marker {
            // One of an earlier version says nothing of it. Where it cannot be written, the next opening tries again.
            try? found.name(state, in: opened)
        } else {
            let new = TreeMarker(tree: tree, state: state)
            try new.write(in: opened)
            marker = new
        }
        if seen.withLock({ $0.insert(directory).inserted }) { TreeFiles.removeTemporaries(in: opened.place) }
        let identity = TreeIdentity(id: marker?.id ?? "", mountPoint: MountTable.point(of: opened.descriptor))
        guard before != identity else { return opened }
        do {
            try ledger.remember(identity, ofTreeAt: directory)
        } catch {
            throw TreeError(
                operation: "remembering", path: directory, code: EIO,
                detail: "what tells this tree from others could not be entered in the ledger (\(error))")
        }
        known.withLock { $0[directory] = identity }
        return opened
    }

    /// The open trees of results. The tree of held results is opened where there is one, and made if it is needed.
    func results(_ settings: OutputSettings, held isNeeded: Bool = false) throws(TreeError) -> ResultTrees {
        let output = try open(.output, at: settings.directory)
        let isKnown = known.withLock { $0[settings.heldDirectory] != nil }
        let held: OpenTree? =
            isNeeded || isKnown || TreeFiles.exists(Array(settings.heldDirectory.utf8))
            ? try open(.held, at: settings.heldDirectory) : nil
        return ResultTrees(settings, output: output, held: held)
    }

    /// What the trees of results make of names, together: a capture's result has the same name in either. Calls block.
    func rules(of trees: ResultTrees) throws(TreeError) -> NameRules {
        var rules: NameRules = []
        for tree in trees.open.values { rules.formUnion(try self.rules(of: tree)) }
        return rules
    }

    /// What a tree makes of names: tried once, and again where another file system is there. Calls block.
    func rules(of tree: OpenTree) throws(TreeError) -> NameRules {
        let place = Place(directory: tree.directory, device: tree.device)
        if let known = rules.withLock({ $0[place] }) { return known }
        let found = try NameRules.found(in: tree)
        rules.withLock { $0[place] = found }
        return found
    }

    /// True if a tree was ever written to.
    func isKnown(_ directory: String) -> Bool { known.withLock { $0[directory] != nil } }

    /// Reads anew what is known: `nctd check --initialize` may have changed it.
    func refresh() {
        guard let trees = try? ledger.trees() else { return }
        known.withLock { $0 = trees }
    }

    // MARK: Which tree it is

    /// Looks whether what is at a path is the tree that was, or may become one; writes nothing. The directory is nil where
    /// it is not there and may be made.
    private static func look(
        at directory: String, _ tree: WrittenTree, known identity: TreeIdentity?, state: String?
    ) throws(TreeError) -> (OpenTree?, TreeMarker?) {
        let opened: OpenTree
        do throws(TreeError) {
            opened = try OpenTree(Array(directory.utf8))
        } catch {
            guard error.code == ENOENT else { throw error }
            guard identity == nil else { throw away(directory, "it is not there") }
            try expectMounted(directory)
            return (nil, nil)
        }
        let marker = try TreeMarker.read(in: opened)
        if let identity {
            try compare(identity, marker, MountTable.point(of: opened.descriptor), directory)
        } else if let other = marker?.state, let state, other != state {
            throw TreeError(
                operation: "opening", path: directory, code: ENODEV,
                detail: "it belongs to the daemon with the state directory \(other), and this one's is \(state); name "
                    + "another directory, or, if it is this daemon's all the same, `nctd check --initialize`")
        } else if marker == nil {
            try expectMounted(directory)
            guard try holdsNoFile(opened) || holdsOwn(opened, tree) else {
                throw TreeError(
                    operation: "opening", path: directory, code: ENODEV,
                    detail: "it is not empty, and nothing in it is nctd's; name an empty directory, or, if it is the "
                        + "right one, `nctd check --initialize`")
            }
        }
        return (opened, marker)
    }

    /// What keeps a tree from being written to, or from being taken for the one that was; nil for nothing. Calls block.
    ///
    /// - Parameter state: the id of the state directory; nil where it is new.
    public static func trouble(
        of tree: WrittenTree, at directory: String, known: TreeIdentity?, state: String?, isWriting: Bool = true
    ) -> TreeError? {
        do throws(TreeError) {
            let opened = try look(at: directory, tree, known: known, state: state).0
            guard isWriting else { return nil }
            try opened.map { tree throws(TreeError) in try FreeSpaceGuard.checkRights(tree) }
            return nil
        } catch {
            return error
        }
    }

    /// What keeps a directory from being taken for a copy of one of the trees that are known, or for one that was moved;
    /// nil for nothing. Calls block.
    ///
    /// - Parameter ids: of those that are known; where none is, any directory will do.
    public static func trouble(
        ofCopyOf tree: WrittenTree, at directory: String, known ids: [String]
    ) -> TreeError? {
        do throws(TreeError) {
            let opened = try OpenTree(Array(directory.utf8))
            guard !ids.isEmpty, ids.contains(try TreeMarker.read(in: opened)?.id ?? "") == false else { return nil }
            return TreeError(
                operation: "opening", path: directory, code: ENODEV,
                detail: "what is there lacks the file \(TreeMarker.fileName) that was written into \(tree.title); "
                    + "mount its share, or name the directory that has it")
        } catch {
            return error
        }
    }

    /// Gives what lies at a path a marker if it has none, and a state directory's id to what has one; nil for the trees of
    /// held and of removed results where they are not there.
    public static func initialize(
        _ tree: WrittenTree, at directory: String, state: String? = nil
    ) throws(TreeError) -> TreeMarker? {
        let path = Array(directory.utf8)
        if !TreeFiles.exists(path) {
            guard ![.held, .removed].contains(tree) else { return nil }
            try TreeFiles.makeDirectories(path, below: path)
        }
        let opened = try OpenTree(path)
        if let marker = try TreeMarker.read(in: opened) {
            try marker.name(state, in: opened)
            return marker
        }
        let marker = TreeMarker(tree: tree, state: state)
        try marker.write(in: opened)
        return marker
    }

    /// Throws unless what is there is the tree that was.
    private static func compare(
        _ identity: TreeIdentity, _ marker: TreeMarker?, _ point: String?, _ directory: String
    ) throws(TreeError) {
        guard let marker else {
            throw away(directory, "what is there lacks the file \(TreeMarker.fileName) that was written into it")
        }
        guard marker.id == identity.id else {
            throw away(
                directory, "another tree is there (\(TreeMarker.fileName) says \(marker.id), not \(identity.id))")
        }
        // The marker may have been copied with the rest.
        if let was = identity.mountPoint, let point, was != point, was.count > point.count {
            throw away(directory, "a copy of it is there: it lay on \(was), which is not mounted")
        }
    }

    private static func away(_ directory: String, _ what: String) -> TreeError {
        TreeError(
            operation: "opening", path: directory, code: ENODEV,
            detail: "\(what); nothing is written until it is back: mount its share; if this is the place to write to "
                + "from now on, `nctd check --initialize`")
    }

    private static func expectMounted(_ directory: String) throws(TreeError) {
        guard let point = MountTable.missing(above: directory) else { return }
        throw away(directory, "it belongs on \(point), which /etc/fstab mounts and which is not mounted")
    }

    /// Whether no file is in a tree but what file systems and desktops put everywhere, and what nctd was writing when it
    /// ended.
    private static func holdsNoFile(_ tree: OpenTree) throws(TreeError) -> Bool {
        var folders = [tree.place]
        var looked = 0
        while let folder = folders.popLast() {
            for (name, isDirectory) in try TreeFiles.names(in: folder) {
                looked += 1
                guard looked <= glance else { return false }
                if isDirectory {
                    if BuiltInExclusions.rule(ofDirectory: name) == nil {
                        folders.append(folder + [UInt8(ascii: "/")] + name)
                    }
                } else if !NewFile.isTemporary(name), BuiltInExclusions.rule(ofFile: name) == nil {
                    return false
                }
            }
        }
        return true
    }

    /// Whether a tree holds what an earlier version wrote to it; also what was a sidecar by its name, and is now too large
    /// or no JSON at all.
    private static func holdsOwn(_ tree: OpenTree, _ kind: WrittenTree) -> Bool {
        SidecarTree(directory: tree.place, includingVersions: true).prefix(glance).contains { name in
            let path = tree.path(OutputNames.sidecar(name))
            guard let json = try? TreeFiles.read(path, limit: ResultCommit.longestSidecar),
                (try? JSONSerialization.jsonObject(with: Data(json))) != nil
            else { return OutputNames.isImage(name) }
            return kind == .quarantine ? QuarantineRecord(json: json) != nil : (try? Sidecar(json: json)) != nil
        }
    }
}
