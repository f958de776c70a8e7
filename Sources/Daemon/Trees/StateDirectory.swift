import Config
import Glibc
import Ledger
import Watching

/// The state directory at the start: it must be the one that the other trees are written with, or the ledger would begin
/// anew under a bare mount point, or beside another daemon's.
package struct StateDirectory {
    private let configuration: DaemonConfiguration

    package init(configuration: DaemonConfiguration) { self.configuration = configuration }

    /// Opens it, and makes it where it is new; returns its id. Calls block. Throws ``TreeError`` where what is there is
    /// not, or not surely, the state directory.
    func claim() throws(TreeError) -> String {
        if let id = try existing() { return id }
        let path = Array(configuration.stateDirectory.utf8)
        if !TreeFiles.exists(path) { try TreeFiles.makeDirectories(path, below: path) }
        let marker = TreeMarker(tree: .state)
        try marker.write(in: try OpenTree(path))
        return marker.id
    }

    /// Why the daemon would wait for another directory before it begins; nil if it would not. Calls block, and make nothing.
    package func trouble() -> String? {
        do {
            _ = try existing()
            return nil
        } catch {
            return error.code == ENODEV ? "\(error)" : nil
        }
    }

    /// The id of what is there; nil where it is new, or cannot be told. Calls block.
    package var id: String? { try? existing() }

    /// The id of what is there; nil where it is new.
    private func existing() throws(TreeError) -> String? {
        let name = configuration.stateDirectory
        let path = Array(name.utf8)
        if let point = MountTable.missing(above: name) {
            throw away("it belongs on \(point), which /etc/fstab mounts and which is not mounted")
        }
        if TreeFiles.exists(path) {
            let tree = try OpenTree(path)
            if let marker = try TreeMarker.read(in: tree) { return marker.id }
            if TreeFiles.exists(tree.path(Array(Ledger.fileName.utf8))) { return nil }
        }
        try refuseIfKnown()
        return nil
    }

    private func refuseIfKnown() throws(TreeError) {
        for tree in WrittenTree.allCases where tree != .state {
            let directory = tree.directory(configuration)
            guard let opened = try? OpenTree(Array(directory.utf8)), let marker = try? TreeMarker.read(in: opened),
                let state = marker.state
            else { continue }
            throw away("\(tree.name(at: directory)) was made with the state directory \(state)")
        }
    }

    private func away(_ what: String) -> TreeError {
        TreeError(
            operation: "opening", path: configuration.stateDirectory, code: ENODEV,
            detail:
                "\(what), and nothing of it is here; mount it; if that tree is another daemon's, name another one; if the state "
                + "directory is lost, `nctd check --initialize` begins a new one"
        )
    }
}
