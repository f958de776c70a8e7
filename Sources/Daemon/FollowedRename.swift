import Jobs
import Ledger
import Watching

/// Lets the result of a capture follow it to its new name, as the ledger has it written down; done again after a death, it
/// goes on where it was.
struct FollowedRename {
    let ledger: Ledger
    let rename: Rename
    let trees: ResultTrees
    /// The watched tree of both names.
    let lab: String
    let root: String

    /// What came of it.
    struct Outcome: Sendable {
        /// Beside the image under its new name; nil where there was no result any more.
        var found: ResultCommit.FoundSidecar?
        /// The result that the new name had before.
        var older: Ledger.KeptVersion?
    }

    private var tree: ResultTrees.Tree { .init(delivery: rename.result.delivery) }

    /// Moves the files and enters it in the ledger. Throws ``TreeError``, with what was begun still written down, or what
    /// the ledger throws.
    func run(now: Moment) async throws -> Outcome {
        guard let output = rename.capture.output else { return Outcome() }
        let last = try await ledger.lastVersion(of: rename.capture.id)
        let outcome = try await Blocking.run { try self.move(to: output, after: last) }
        guard let found = outcome.found else {
            try await ledger.dropRename(rename)
            return outcome
        }
        FailPoint.afterRenameMoved.pass()
        let (plan, isInPlace) = (rename.plan, rename.result.output == output)
        var entered = rename
        entered.result.sidecar = found.digest
        try await ledger.finishRename(
            entered, older: outcome.older,
            version: { row in
                let tree = ResultTrees.Tree(delivery: row.delivery)
                let number = (row.version ?? 0) + (isInPlace ? 0 : plan.ownVersions[tree.name] ?? 0)
                return .init(number: number, output: OutputNames.version(output, number))
            }, now: now)
        FailPoint.afterRenameEntered.pass()
        return outcome
    }

    private func move(to output: [UInt8], after last: Int) throws -> Outcome {
        do throws(TreeError) {
            return try moveFiles(to: output, after: last)
        } catch {
            throw trees.named(error)
        }
    }

    /// - Parameter last: the greatest number that a version of the new name's own result ever had.
    private func moveFiles(to output: [UInt8], after last: Int) throws(TreeError) -> Outcome {
        let commit = ResultCommit(trees)
        try commit.refuseTooLong(output, in: tree)
        let move = self.move(to: output, in: tree)
        var older = ResultCommit.Older()
        if move.isThere || TreeFiles.exists(move.target.sidecar) {
            try move.run { () throws(TreeError) in try commit.keepOlder(of: output, in: tree, after: last, &older) }
            try commit.removeOlderElsewhere(output, than: tree)
        }
        for tree in ResultTrees.Tree.allCases {
            let shift = move.source == move.target ? 0 : rename.plan.ownVersions[tree.name] ?? 0
            let versions = self.move(to: output, in: tree)
            try versions.runVersions(rename.plan.versions[tree.name] ?? 0) { $0 + shift }
            versions.removeEmptyFolders()
        }
        let found = commit.foundSidecar(of: output, in: tree)
        return Outcome(
            found: found?.sidecar.capture?.identity == rename.result.identity ? found : nil,
            older: older.replaced.older ?? (move.source == move.target ? nil : kept(of: output, commit)))
    }

    /// The version that a result of the new name's own was kept as by an attempt that died.
    private func kept(of output: [UInt8], _ commit: ResultCommit) -> Ledger.KeptVersion? {
        for tree in ResultTrees.Tree.allCases {
            guard let number = rename.plan.ownVersions[tree.name], number > 0,
                commit.sidecar(of: OutputNames.version(output, number), in: tree) != nil
            else { continue }
            return Ledger.KeptVersion(number: number, output: OutputNames.version(output, number))
        }
        return nil
    }

    private func move(to output: [UInt8], in tree: ResultTrees.Tree) -> ResultMove {
        let place = trees.place(tree)
        return ResultMove(
            source: .init(tree: place, name: rename.result.output), target: .init(tree: place, name: output),
            rewriting: { rewritten($0, output) })
    }

    /// A sidecar as it is under the new name.
    private func rewritten(_ sidecar: Sidecar, _ output: [UInt8]) -> Sidecar {
        var new = sidecar
        let path = rename.capture.path
        new.source.path = "\(root)/\(path.file)"
        new.output.path = CapturePath.printable(trees.full(output, in: .init(sidecar.verdict.delivery)))
        guard var capture = sidecar.capture else { return new }
        if capture.path != path.file.description { capture.renamedFrom = capture.path }
        capture.lab = lab
        capture.root = root
        capture.path = path.file.description
        capture.pathBytes = path.hexadecimalUnlessPlain
        if path.digest(ofFile: sidecar.source.sha256) == rename.result.digest,
            sidecar.capture?.identity == rename.result.identity
        {
            capture.inode = rename.plan.stamp.inode
            capture.modifiedNanoseconds = rename.plan.stamp.modifiedNanoseconds
            if rename.plan.isDone { capture.rule = rename.plan.rule }
        }
        new.capture = capture
        return new
    }
}

extension DaemonEvent {
    /// The same of a rename that is done.
    static func renamed(_ rename: Rename, lab: String, root: String) -> Self {
        .renamed(
            lab: lab, file: "\(root)/\(rename.capture.path)", former: "\(root)/\(rename.former.path)",
            output: CapturePath.printable(rename.capture.output ?? []))
    }
}

extension ResultTrees.Tree {
    /// As plans have it.
    var name: String { self == .held ? "held" : "delivered" }
}
