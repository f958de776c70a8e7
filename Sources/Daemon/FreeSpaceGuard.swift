import Config
import Files
import Glibc
import Watching

/// Whether a tree may be written to and has room.
struct FreeSpaceGuard: Sendable {
    private let floor: Int64

    init(_ settings: OutputSettings) { floor = Int64(settings.minimumFreeMebibytes) << 20 }

    /// Throws ``TreeError`` unless something may be written just now.
    func check(_ tree: OpenTree) throws(TreeError) {
        try Self.checkRights(tree)
        guard let free = TreeFiles.freeBytes(tree.place), free < floor else { return }
        throw TreeError(
            operation: "writing", path: CapturePath.printable(tree.directory), code: ENOSPC,
            detail: "it has \(free >> 20) MiB free, less than minimum_free_mebibytes = \(floor >> 20)")
    }

    /// Throws ``TreeError`` unless this process may write to a tree.
    static func checkRights(_ tree: OpenTree) throws(TreeError) {
        // For the directory itself, of which the descriptor tells no rights.
        guard withPath(tree.place + Array("/.".utf8), { access($0, W_OK | X_OK) }) != 0 else { return }
        throw TreeError("writing", tree.directory, errno)
    }
}
