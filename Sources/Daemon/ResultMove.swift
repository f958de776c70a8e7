import Files
import Foundation
import Glibc
import Jobs
import Watching

/// Takes a result from one place to another: whenever the process dies, what has a sidecar has its image, and a reader sees
/// the result at one of the two places, never at both. Done again, it goes on where it was.
///
/// The order: the sidecar is replaced by what it is to say; the image gets its second name; the sidecar changes its name,
/// which moves the result; the image loses its first name.
struct ResultMove {
    /// A place below a tree, by the paths that they are reached by.
    struct Place: Equatable {
        var tree: [UInt8]
        var name: [UInt8]
        var image: [UInt8] { tree + [UInt8(ascii: "/")] + name }
        var sidecar: [UInt8] { OutputNames.sidecar(image) }
        var folder: [UInt8] { DurableDirectory.holding(image) }

        func version(_ number: Int?) -> Place {
            number.map { Place(tree: tree, name: OutputNames.version(name, $0)) } ?? self
        }
    }

    var source: Place
    var target: Place
    /// What a sidecar is to say at the new place; the same where it says so already.
    var rewriting: (Sidecar) -> Sidecar

    /// Whether the result still has its sidecar at the place that it comes from.
    var isThere: Bool { TreeFiles.exists(source.sidecar) }

    /// Moves the result, if it was not yet.
    ///
    /// - Parameter makeWay: keeps aside the other result that may be at the new place.
    func run(_ makeWay: () throws(TreeError) -> Void = {}) throws(TreeError) {
        if isThere { try rewrite() }
        guard source != target else { return }
        if isThere, isCopied { try TreeFiles.removeSurely(source.sidecar) }
        if isThere {
            FailPoint.afterRenameRewritten.pass()
            try makeWay()
            try TreeFiles.inDirectory(target.folder, below: target.tree) { () throws(TreeError) in
                try TreeFiles.linkOrCopy(source.image, to: target.image)
            }
            try TreeFiles.syncDirectory(target.folder)
            FailPoint.afterRenameImage.pass()
            try moveSidecar()
            FailPoint.afterRenameSidecar.pass()
        }
        // What has no sidecar anywhere was never moved.
        guard TreeFiles.exists(target.sidecar) else { return }
        try TreeFiles.removeSurely(source.image)
        if TreeFiles.exists(source.folder) { try TreeFiles.syncDirectory(source.folder) }
        FailPoint.afterRenameSourceRemoved.pass()
    }

    private func rewrite() throws(TreeError) {
        let json = try TreeFiles.read(source.sidecar, limit: ResultCommit.longestSidecar)
        guard let sidecar = try? Sidecar(json: json) else { return }
        let rewritten = rewriting(sidecar)
        guard rewritten != sidecar, let bytes = try? rewritten.json() else { return }
        try TreeFiles.replace(source.sidecar, with: bytes)
    }

    /// Whether the very sidecar is at the new place as well, where it could not be renamed.
    private var isCopied: Bool {
        guard let there = try? TreeFiles.read(target.sidecar, limit: ResultCommit.longestSidecar),
            let here = try? TreeFiles.read(source.sidecar, limit: ResultCommit.longestSidecar)
        else { return false }
        return here == there
    }

    private func moveSidecar() throws(TreeError) {
        do throws(TreeError) {
            try TreeFiles.rename(source.sidecar, to: target.sidecar)
        } catch {
            // The other tree may be on another file system.
            guard error.code == EXDEV else { throw error }
            try TreeFiles.linkOrCopy(source.sidecar, to: target.sidecar)
            try TreeFiles.syncDirectory(target.folder)
            try TreeFiles.removeSurely(source.sidecar)
        }
        try TreeFiles.syncDirectory(target.folder)
        if source.folder != target.folder { try TreeFiles.syncDirectory(source.folder) }
    }

    /// Moves versions of the result, each from its number to another.
    func runVersions(_ count: Int, numbered number: (Int) -> Int) throws(TreeError) {
        guard count > 0 else { return }
        for old in 1...count {
            let move = ResultMove(
                source: source.version(old), target: target.version(number(old)), rewriting: rewriting)
            if move.isThere || TreeFiles.exists(move.source.image) { try move.run() }
            FailPoint.afterRenameVersion.pass()
        }
    }

    /// Takes away the folders that nothing is left in.
    func removeEmptyFolders() {
        if source.folder != target.folder { TreeFiles.removeEmpty(source.folder, below: source.tree) }
    }
}
