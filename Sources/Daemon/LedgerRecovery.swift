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

    /// Opens the ledger; sets a damaged one aside and rebuilds it, also one that was lost. Needs the lock.
    func open() async throws -> Ledger {
        let state = configuration.stateDirectory
        var isNew = !Ledger.exists(stateDirectory: state)
        var ledger: Ledger
        do {
            ledger = try Ledger.open(stateDirectory: state)
        } catch let error as LedgerError where error.code == .damaged {
            let aside = try Ledger.setAside(stateDirectory: state, date: clock.now.date)
            log.write(.ledgerSetAside(path: aside, reason: error.message))
            ledger = try Ledger.open(stateDirectory: state)
            isNew = true
        }
        if isNew {
            let count = try await rebuild(ledger)
            if count > 0 { log.write(.ledgerRebuilt(captures: count)) }
        }
        for row in try await ledger.inProgress() { removeTemporaries(of: row) }
        let died = try await ledger.takeOver(boot: boot, now: clock.now)
        if died > 0 { log.write(.attemptsDied(count: died)) }
        return ledger
    }

    /// The hidden files that a commit which died left beside where its result would have been.
    private func removeTemporaries(of row: CaptureRow) {
        guard let output = row.output else { return }
        let commit = ResultCommit(directory: configuration.output.directory)
        for place in [output, OutputNames.held(output)] {
            TreeFiles.removeTemporaries(in: TreeFiles.directory(of: commit.full(place)))
        }
    }

    /// Enters what the sidecars in the output tree tell; returns how many captures.
    private func rebuild(_ ledger: Ledger) async throws -> Int {
        let tree = SidecarTree(directory: configuration.output.directory)
        var roots: [String: Int64] = [:]
        var count = 0
        for output in tree {
            guard let sidecar = tree.commit.sidecar(of: output), let capture = sidecar.capture,
                let path = CapturePath(text: capture.path, hexadecimal: capture.pathBytes)
            else { continue }
            if roots[capture.root] == nil {
                roots[capture.root] = try await ledger.enterRoot(
                    path: capture.root, lab: capture.lab, rules: "", now: clock.now)
            }
            guard let root = roots[capture.root] else { continue }
            let result = ResultRow(
                digest: sidecar.source.sha256, identity: capture.identity, profile: sidecar.profile?.name ?? "",
                verdict: sidecar.verdict.value.rawValue, delivery: sidecar.verdict.delivery.rawValue, output: output,
                attempt: capture.attempt, durationMilliseconds: nil,
                finishedAt: Timestamp.date(sidecar.createdAt)?.timeIntervalSince1970 ?? clock.now.wall)
            try await ledger.rebuild(
                root: root, path: path,
                stamp: FileStamp(
                    device: 0, inode: capture.inode, size: Int64(sidecar.source.bytes),
                    modifiedNanoseconds: capture.modifiedNanoseconds),
                result: result, rule: capture.rule,
                reserved: sidecar.verdict.delivery == .held ? OutputNames.unheld(output) : output, now: clock.now)
            count += 1
        }
        return count
    }
}
