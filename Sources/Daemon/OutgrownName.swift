import Files
import Jobs
import Ledger
import Watching

/// The result of a capture, with its versions, under a name that the next one may not have: the output has another format
/// since, or the lab another name. All of them become versions of the next one, beside it.
struct OutgrownName {
    let trees: ResultTrees
    /// All results of the capture, as the ledger has them.
    let results: [ResultRow]
    /// The name of the next one.
    let output: [UInt8]
    private var commit: ResultCommit { ResultCommit(trees) }

    /// What was moved.
    struct Moved: Sendable {
        /// The version that the current result is kept as.
        var older: Ledger.KeptVersion?
        /// Versions that have other names now, each by its number.
        var versions: [Ledger.KeptVersion] = []
        /// Names below their tree under which something was put aside.
        var aside: [[UInt8]] = []
        /// The current one had its name until now.
        fileprivate var isNew = false
    }

    /// Moves them; each step can be done again.
    func move() throws(TreeError) -> Moved {
        var moved = Moved()
        for row in results where row.removedAt == nil && OutputNames.unversioned(row.output) != output {
            if let number = row.version {
                let move = move(row, to: number)
                try move.run()
                move.removeEmptyFolders()
                moved.versions.append(.init(number: number, output: OutputNames.version(output, number)))
            } else {
                try moveCurrent(row, &moved)
            }
        }
        return moved
    }

    private func moveCurrent(_ row: ResultRow, _ moved: inout Moved) throws(TreeError) {
        let tree = ResultTrees.Tree(delivery: row.delivery)
        let image = trees.place(of: row.output, in: tree)
        let last = results.compactMap(\.version).max() ?? 0
        if TreeFiles.exists(OutputNames.sidecar(image)), commit.soundSidecar(of: row.output, in: tree) == nil {
            // What is no result is no version.
            let number = ResultCommit.freeNumber(besides: [image, OutputNames.sidecar(image)])
            for part in [OutputNames.sidecar(image), image] where TreeFiles.exists(part) {
                try TreeFiles.rename(part, to: OutputNames.aside(part, number))
            }
            try TreeFiles.syncDirectory(DurableDirectory.holding(image))
            moved.aside.append(OutputNames.aside(row.output, number))
            return
        }
        let latest = commit.latestVersion(of: output, in: tree, after: last)?.number ?? 0
        let isThere = TreeFiles.exists(OutputNames.sidecar(image))
        // Where its sidecar is gone, an attempt that died may have moved it.
        guard isThere || latest > last else { return }
        let move = move(row, to: isThere ? latest + 1 : latest)
        moved.isNew = isThere
        moved.older = .init(number: isThere ? latest + 1 : latest, output: move.target.name)
        try move.run()
        move.removeEmptyFolders()
    }

    private func move(_ row: ResultRow, to number: Int) -> ResultMove {
        let tree = ResultTrees.Tree(delivery: row.delivery)
        return ResultMove(
            source: .init(tree: trees.place(tree), name: row.output),
            target: ResultMove.Place(tree: trees.place(tree), name: output).version(number),
            rewriting: { $0.named(output, in: trees, tree) })
    }

    /// Gives the current result its name back, where the next one did not come.
    func restore(_ moved: Moved) {
        guard moved.isNew, let older = moved.older, let row = results.first(where: { $0.version == nil }) else {
            return
        }
        let tree = ResultTrees.Tree(delivery: row.delivery)
        try? ResultMove(
            source: .init(tree: trees.place(tree), name: older.output),
            target: .init(tree: trees.place(tree), name: row.output),
            rewriting: { $0.named(row.output, in: trees, tree) }
        ).run()
    }
}

extension Sidecar {
    /// The same, of an image that has another name.
    func named(_ output: [UInt8], in trees: ResultTrees, _ tree: ResultTrees.Tree) -> Sidecar {
        var new = self
        new.output.path = CapturePath.printable(trees.full(output, in: tree))
        return new
    }
}
