import Config
import Foundation
import Jobs
import Ledger
import Watching

/// Brings the ledger up at the start, whatever an earlier process or a disk did to it.
struct LedgerRecovery: Sendable {
    let configuration: DaemonConfiguration
    let clock: any DaemonClock
    let boot: String
    let log: EventLog
    /// The id of the state directory.
    let state: String

    /// Opens the ledger; sets a damaged one aside and rebuilds it, also one that was lost or whose rebuilding did not come
    /// to its end. Needs the lock.
    ///
    /// - Parameter isStopping: asked between captures; true ends the rebuilding, which the next start takes up again.
    func open(isStopping: @Sendable () -> Bool = { false }) async throws -> (ledger: Ledger, written: WrittenTrees) {
        let state = configuration.stateDirectory
        if let reason = Ledger.condemnation(stateDirectory: state) { try setAside(reason) }
        var ledger: Ledger
        do {
            ledger = try Ledger.open(stateDirectory: state)
        } catch let error as LedgerError where error.code == .damaged {
            try setAside(error.message)
            ledger = try Ledger.open(stateDirectory: state)
        }
        let written = try WrittenTrees(ledger, state: self.state)
        let settings = configuration.output
        // A tree that is away, full or refused keeps no daemon from its start.
        let trees = try? await Blocking.run { try written.results(settings) }
        if let trees, try await !ledger.isRebuilt() {
            let found = try await rebuild(ledger, trees, isStopping)
            if found.captures > 0 || found.copies > 0 {
                log.write(.ledgerRebuilt(captures: found.captures, copies: found.copies, copy: found.copy))
            }
        }
        if let trees {
            for row in try await ledger.inProgress() { removeTemporaries(beside: row.output, trees) }
            try await endRenames(ledger, trees)
            try await moveHeld(ledger, trees)
        }
        let died = try await ledger.takeOver(boot: boot, now: clock.now)
        if died > 0 { log.write(.attemptsDied(count: died)) }
        return (ledger, written)
    }

    private func moveHeld(_ ledger: Ledger, _ trees: ResultTrees) async throws {
        do {
            let moved = try await HeldMigration(ledger: ledger, trees: trees).run()
            if moved > 0 { log.write(.heldMoved(count: moved, directory: configuration.output.heldDirectory)) }
        } catch let error as TreeError {
            log.write(
                .trouble("held results of version 0.7 could not be moved to their tree (\(error)); the next start does")
            )
        }
    }

    /// Ends what an earlier process began for captures that have other names now.
    private func endRenames(_ ledger: Ledger, _ trees: ResultTrees) async throws {
        let renames = try await ledger.renames()
        guard !renames.isEmpty else { return }
        let roots = Dictionary(uniqueKeysWithValues: try await ledger.roots().map { ($0.id, $0) })
        for rename in renames {
            guard let root = roots[rename.capture.root] else { continue }
            removeTemporaries(beside: rename.capture.output, trees)
            removeTemporaries(beside: rename.result.output, trees)
            do {
                _ = try await FollowedRename(
                    ledger: ledger, rename: rename, trees: trees, lab: root.lab, root: root.path
                )
                .run(now: clock.now)
                log.write(
                    .renamed(
                        lab: root.lab, file: root.name(of: rename.capture.path),
                        former: root.name(of: rename.former.path),
                        output: CapturePath.printable(rename.capture.output ?? [])))
            } catch let error as TreeError {
                log.write(
                    .trouble(
                        "the result of \(root.name(of: rename.former.path)) could not follow it to its new name (\(error)); "
                            + "it is tried again with the capture"))
            }
        }
    }

    private func setAside(_ reason: String) throws {
        let aside = try Ledger.setAside(stateDirectory: configuration.stateDirectory, date: clock.now.date)
        log.write(.ledgerSetAside(path: aside, reason: reason))
    }

    /// The hidden files that a commit which died left beside where its result would have been.
    private func removeTemporaries(beside output: [UInt8]?, _ trees: ResultTrees) {
        guard let output else { return }
        for tree in ResultTrees.Tree.allCases {
            TreeFiles.removeTemporaries(in: TreeFiles.directory(of: trees.place(of: output, in: tree)))
        }
    }

    /// What a rebuilding found; a copy lies elsewhere than its sidecar says.
    private typealias Found = (captures: Int, copies: Int, copy: String?)

    /// Enters what the sidecars in the trees of results tell, but for those of copies.
    private func rebuild(_ ledger: Ledger, _ trees: ResultTrees, _ isStopping: @Sendable () -> Bool) async throws
        -> Found
    {
        let commit = ResultCommit(trees)
        var roots: [String: Int64] = [:]
        var found: Found = (0, 0, nil)
        var isWhole = true
        var pages: [(root: Int64, batch: [Ledger.Judged])] = []
        for tree in ResultTrees.Tree.allCases {
            var images = SidecarTree(directory: trees.place(tree)).makeIterator()
            while let output = images.next() {
                if isStopping() { return found }
                guard let sidecar = commit.sidecar(of: output, in: tree), let capture = sidecar.capture,
                    let path = capture.place
                else { continue }
                guard let reserved = sidecar.reservedName(at: output) else {
                    found.copies += 1
                    found.copy = found.copy ?? CapturePath.printable(trees.full(output, in: tree))
                    continue
                }
                if roots[capture.root] == nil {
                    roots[capture.root] = try await ledger.enterRoot(
                        path: capture.root, lab: capture.lab, rules: "", now: clock.now)
                }
                guard let root = roots[capture.root] else { continue }
                let stamp = FileStamp(
                    device: 0, inode: capture.inode, size: Int64(sidecar.source.bytes),
                    modifiedNanoseconds: capture.modifiedNanoseconds)
                if capture.page == 1, let count = sidecar.source.pages, (2...CaptureWorker.mostPages).contains(count) {
                    pages.append((root, (2...count).map { .init(Sighting(path: path.page($0), stamp: stamp)) }))
                }
                try await ledger.rebuild(
                    root: root, path: path, stamp: stamp,
                    result: ResultRow(sidecar, capture, output: output, in: tree, now: clock.now), rule: capture.rule,
                    reserved: reserved, now: clock.now)
                found.captures += 1
            }
            for error in images.unreadable.map(trees.named) {
                log.write(.trouble("what lies in \(error) is not known to the new ledger"))
                isWhole = isWhole && [EACCES, EPERM].contains(error.code)
            }
        }
        // Further pages that have no results yet are to get them.
        for (root, batch) in pages { _ = try await ledger.record(batch, root: root, settle: .zero, now: clock.now) }
        try await rebuildVersions(ledger, trees, isStopping)
        if isStopping() { return found }
        // What could not be read for want of something is taken in by the next start.
        if isWhole { try await ledger.setRebuilt() }
        return found
    }

    /// Enters the older results that were kept aside, of captures that are known by now.
    private func rebuildVersions(_ ledger: Ledger, _ trees: ResultTrees, _ isStopping: @Sendable () -> Bool)
        async throws
    {
        let commit = ResultCommit(trees)
        for tree in ResultTrees.Tree.allCases {
            for place in SidecarTree(directory: trees.place(tree), includingVersions: true) {
                if isStopping() { return }
                guard let number = OutputNames.versionNumber(place), let sidecar = commit.sidecar(of: place, in: tree),
                    let capture = sidecar.capture, let reserved = sidecar.reservedName(at: place)
                else { continue }
                var version = ResultRow(sidecar, capture, output: place, in: tree, now: clock.now)
                version.version = number
                try await ledger.rebuildVersion(version, reserved: reserved)
            }
        }
    }
}

extension ResultRow {
    /// What a sidecar tells of the result that it lies beside.
    init(
        _ sidecar: Sidecar, _ capture: Sidecar.Capture, output: [UInt8], in tree: ResultTrees.Tree, now: Moment
    ) {
        self.init(
            digest: capture.place?.digest(ofFile: sidecar.source.sha256) ?? sidecar.source.sha256,
            identity: capture.identity, profile: sidecar.profile?.name ?? "",
            verdict: sidecar.verdict.value.rawValue,
            delivery: (tree == .held ? .held : sidecar.verdict.delivery).rawValue, output: output,
            attempt: capture.attempt, durationMilliseconds: nil,
            finishedAt: Timestamp.date(sidecar.createdAt)?.timeIntervalSince1970 ?? now.wall,
            treatment: sidecar.quality.treatment.rawValue, engine: sidecar.engineVersion)
    }
}
