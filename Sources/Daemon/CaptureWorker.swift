import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// Does one claimed capture: looks whether it is whole, reads, matches, decodes, normalizes, commits, and tells the
/// ledger how it ended.
struct CaptureWorker: Sendable {
    let ledger: Ledger
    let ledgerWatch: LedgerWatch
    /// In this process.
    let ownDesks: any DeskSource
    /// In processes of their own.
    let pool: any DeskSource
    let memory: MemoryBudget
    let learning: LabLearning
    let live: LiveConfiguration
    let written: WrittenTrees
    let pauses: Pauses
    let clock: any DaemonClock
    let log: EventLog
    let heartbeat: Heartbeat
    let inWork = IdentitiesInWork()

    /// Deaths of the daemon during a capture's work after which it is not tried again: fewer than a service manager
    /// allows before it gives the daemon up.
    static let mostCrashes = 6
    /// Workers that a capture may cost before it is not tried again.
    static let mostWorkers = 3
    /// Looks at a capture, each of which finds it changed, after which that is said.
    static let restless = 20
    /// No step takes longer; milliseconds.
    static let longestStep: Int64 = 86_400_000

    /// What the dispatcher must know of a work that ended.
    enum Outcome: Sendable, Equatable {
        case ended
        /// It was too early, or its surroundings were in its way.
        case waits
        /// A shutdown gave the capture back meanwhile; the ledger was told by it.
        case abandoned
    }

    func work(_ claim: Claim, gate: WorkGate) async -> Outcome {
        var findings = Findings()
        defer { inWork.end(findings.held) }
        do {
            let committed = try await attempt(claim, gate: gate, findings: &findings)
            await finish(claim, committed, rule: findings.match?.rule)
            if committed.isNewlyTransferred, let profile = findings.profile {
                await learning.transferred(claim.root, profile)
            }
            return .ended
        } catch {
            return await end(claim, AttemptError(error), findings: findings, gate: gate)
        }
    }

    private func finish(_ claim: Claim, _ committed: Committed, rule: String?) async {
        if committed.former == nil { await persist { try await enterPages(of: claim, committed.pages) } }
        FailPoint.beforeDone.pass()
        if committed.former == nil {
            if !committed.movedVersions.isEmpty {
                await persist { try await ledger.renameVersions(committed.movedVersions, of: claim.row.id) }
            }
            let ending: Ledger.Ending =
                committed.how == .recovered && committed.older == nil
                ? .found(committed.result, rule: rule) : .done(committed.result, rule: rule, older: committed.older)
            await persist {
                try await ledger.end(claim.row.id, stamp: claim.row.stamp, ending, now: clock.now)
            }
        }
        FailPoint.afterDone.pass()
        pauses.acquit(claim.row.id)
        await release(claim, of: claim.row.path)
        // That it followed was logged when it did.
        guard committed.former == nil else { return }
        let result = committed.result
        log.write(
            .done(
                .init(
                    lab: claim.root.settings.lab, profile: result.profile, file: claim.name, sha256: result.digest,
                    output: CapturePath.printable(result.output), verdict: result.verdict,
                    delivery: result.delivery, how: committed.how, version: committed.older?.number,
                    milliseconds: result.durationMilliseconds ?? 0, notes: committed.notes)))
    }

    /// Takes away what the quarantine has of a capture that was done after all.
    func release(_ claim: Claim, of path: CapturePath) async {
        guard written.isKnown(claim.output.quarantineDirectory) else { return }
        await Blocking.run { [written] in
            guard let tree = try? written.open(.quarantine, at: claim.output.quarantineDirectory),
                let rules = try? written.rules(of: tree)
            else { return }
            Quarantine(tree, rules: rules).release(lab: claim.root.settings.lab, path: path)
        }
    }
}
