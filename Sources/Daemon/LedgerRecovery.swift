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

    /// Opens the ledger; sets a damaged one aside and rebuilds it, also one that was lost or whose rebuilding did not come
    /// to its end. Needs the lock.
    ///
    /// - Parameter isStopping: asked between captures; true ends the rebuilding, which the next start takes up again.
    func open(isStopping: @Sendable () -> Bool = { false }) async throws -> Ledger {
        let state = configuration.stateDirectory
        if let reason = Ledger.condemnation(stateDirectory: state) { try setAside(reason) }
        var ledger: Ledger
        do {
            ledger = try Ledger.open(stateDirectory: state)
        } catch let error as LedgerError where error.code == .damaged {
            try setAside(error.message)
            ledger = try Ledger.open(stateDirectory: state)
        }
        if try await !ledger.isRebuilt() {
            let found = try await rebuild(ledger, isStopping)
            if found.captures > 0 || found.copies > 0 {
                log.write(.ledgerRebuilt(captures: found.captures, copies: found.copies, copy: found.copy))
            }
        }
        for row in try await ledger.inProgress() { removeTemporaries(of: row) }
        do {
            let moved = try await HeldMigration(ledger: ledger, trees: ResultTrees(configuration.output)).run()
            if moved > 0 { log.write(.heldMoved(count: moved, directory: configuration.output.heldDirectory)) }
        } catch let error as TreeError {
            // A tree that is away, full or refused keeps no daemon from its start.
            log.write(
                .trouble("held results of version 0.7 could not be moved to their tree (\(error)); the next start does")
            )
        }
        let died = try await ledger.takeOver(boot: boot, now: clock.now)
        if died > 0 { log.write(.attemptsDied(count: died)) }
        return ledger
    }

    private func setAside(_ reason: String) throws {
        let aside = try Ledger.setAside(stateDirectory: configuration.stateDirectory, date: clock.now.date)
        log.write(.ledgerSetAside(path: aside, reason: reason))
    }

    /// The hidden files that a commit which died left beside where its result would have been.
    private func removeTemporaries(of row: CaptureRow) {
        guard let output = row.output else { return }
        let trees = ResultTrees(configuration.output)
        for tree in ResultTrees.Tree.allCases {
            TreeFiles.removeTemporaries(in: TreeFiles.directory(of: trees.full(output, in: tree)))
        }
    }

    /// What a rebuilding found; a copy lies elsewhere than its sidecar says.
    private typealias Found = (captures: Int, copies: Int, copy: String?)

    /// Enters what the sidecars in the trees of results tell, but for those of copies.
    private func rebuild(_ ledger: Ledger, _ isStopping: @Sendable () -> Bool) async throws -> Found {
        let trees = ResultTrees(configuration.output)
        let commit = ResultCommit(trees)
        var roots: [String: Int64] = [:]
        var found: Found = (0, 0, nil)
        var isWhole = true
        for tree in ResultTrees.Tree.allCases {
            var images = SidecarTree(directory: trees.directory(tree)).makeIterator()
            while let output = images.next() {
                if isStopping() { return found }
                guard let sidecar = commit.sidecar(of: output, in: tree), let capture = sidecar.capture,
                    let path = CapturePath(text: capture.path, hexadecimal: capture.pathBytes)
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
                try await ledger.rebuild(
                    root: root, path: path,
                    stamp: FileStamp(
                        device: 0, inode: capture.inode, size: Int64(sidecar.source.bytes),
                        modifiedNanoseconds: capture.modifiedNanoseconds),
                    result: result(of: sidecar, capture, output: output, in: tree), rule: capture.rule,
                    reserved: reserved, now: clock.now)
                found.captures += 1
            }
            for error in images.unreadable {
                log.write(.trouble("what lies in \(error) is not known to the new ledger"))
                isWhole = isWhole && !error.concernsFileSystem && !SystemTrouble.isShortage(error.code)
            }
        }
        // What could not be read for want of something is taken in by the next start.
        if isWhole { try await ledger.setRebuilt() }
        return found
    }

    private func result(
        of sidecar: Sidecar, _ capture: Sidecar.Capture, output: [UInt8], in tree: ResultTrees.Tree
    ) -> ResultRow {
        ResultRow(
            digest: sidecar.source.sha256, identity: capture.identity, profile: sidecar.profile?.name ?? "",
            verdict: sidecar.verdict.value.rawValue,
            delivery: (tree == .held ? .held : sidecar.verdict.delivery).rawValue, output: output,
            attempt: capture.attempt, durationMilliseconds: nil,
            finishedAt: Timestamp.date(sidecar.createdAt)?.timeIntervalSince1970 ?? clock.now.wall,
            treatment: sidecar.quality.treatment.rawValue)
    }
}
