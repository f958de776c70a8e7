import Config
import Files
import Foundation
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
            var rebuild = LedgerRebuild(ledger, trees, watches: configuration.watches, clock: clock, log: log)
            try await rebuild.run(isStopping)
            let found = rebuild.found
            if found.captures > 0 || found.copies > 0 {
                log.write(
                    .ledgerRebuilt(
                        captures: found.captures, copies: found.copies, copy: found.copy, moved: rebuild.moved))
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
                let outcome = try await FollowedRename(
                    ledger: ledger, rename: rename, trees: trees, lab: root.lab, root: root.path
                )
                .run(now: clock.now)
                if outcome.found != nil { log.write(.renamed(rename, lab: root.lab, root: root.path)) }
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
            TreeFiles.removeTemporaries(in: DurableDirectory.holding(trees.place(of: output, in: tree)))
        }
    }
}
