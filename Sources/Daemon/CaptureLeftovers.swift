import Files
import Jobs
import Ledger
import Watching

/// What is in the trees of results of a capture that is gone, after a commit that died.
extension CaptureWorker {
    /// Puts it in order: a whole result that the ledger does not know is entered, so that it can follow the capture to
    /// another name; an image without a sidecar is taken away, and the result that it was to replace gets its name back.
    func settleLeftovers(_ claim: Claim) async {
        guard let output = claim.row.output, written.isKnown(claim.output.directory) else { return }
        do {
            let results = try await ledger.results(of: claim.row.id)
            let current = results.first { $0.version == nil }
            let last = results.compactMap(\.version).max() ?? 0
            let found = try await Blocking.run {
                try Leftovers(trees: self.written.results(claim.output), output: output, known: current, last: last)
                    .settle(now: self.clock.now)
            }
            guard let found else { return }
            await persist { try await ledger.adopt(found.result, of: claim.row.id, older: found.older) }
        } catch {
            log.write(.trouble("what may be left of \(claim.name) in the output could not be looked at: \(error)"))
        }
    }

    private struct Leftovers {
        let trees: ResultTrees
        let output: [UInt8]
        /// The result that the ledger knows.
        let known: ResultRow?
        /// The greatest number that a version of it ever had.
        let last: Int
        private var commit: ResultCommit { ResultCommit(trees) }

        /// Returns a whole result that the ledger does not know, with the older one that was kept aside for it.
        func settle(now: Moment) throws(TreeError) -> (result: ResultRow, older: Ledger.KeptVersion?)? {
            for tree in ResultTrees.Tree.allCases {
                guard let sidecar = commit.soundSidecar(of: output, in: tree), let capture = sidecar.capture,
                    capture.identity != known?.identity || output != known?.output,
                    sidecar.reservedName(at: output) == output,
                    let found = commit.foundSidecar(of: output, in: tree),
                    ResultTrees.Tree(sidecar.verdict.delivery) == tree
                else { continue }
                let older = known.flatMap {
                    commit.latestVersion(of: output, in: .init(delivery: $0.delivery), after: last)
                }
                return (ResultRow(found, capture, output: output, in: tree, now: now), older)
            }
            if let known { try restore(known) }
            for tree in ResultTrees.Tree.allCases {
                let image = trees.place(of: output, in: tree)
                guard TreeFiles.exists(image), !TreeFiles.exists(OutputNames.sidecar(image)) else { continue }
                try TreeFiles.removeSurely(image)
                try TreeFiles.syncDirectory(DurableDirectory.holding(image))
                TreeFiles.removeEmpty(DurableDirectory.holding(image), below: trees.place(tree))
            }
            return nil
        }

        /// Gives a result its name back that was kept aside for another one, which did not come.
        private func restore(_ result: ResultRow) throws(TreeError) {
            let tree = ResultTrees.Tree(delivery: result.delivery)
            let place = ResultMove.Place(tree: trees.place(tree), name: result.output)
            guard !TreeFiles.exists(place.sidecar), let kept = commit.latestVersion(of: output, in: tree, after: last),
                commit.soundSidecar(of: kept.output, in: tree)?.capture?.identity == result.identity
            else { return }
            // It may have had another name than the one that did not come.
            let version = ResultMove.Place(tree: trees.place(tree), name: kept.output)
            let isSameName = result.output == output
            try ResultMove(
                source: version, target: place,
                rewriting: { isSameName ? $0 : $0.named(result.output, in: trees, tree) }
            ).run()
        }
    }
}
