import Config
import Ledger
import Watching

/// Whether a watched root is what it was when it was last well, asked of the root itself: before that is known, nothing is
/// concluded of files that are not there, for a root that is away, or that another directory has taken the place of, says of
/// all its files that they are gone. Its watcher notices some seconds later.
struct RootStanding: Sendable {
    let ledger: Ledger
    let live: LiveConfiguration

    static let note = "its root is away, or another directory has taken its place"

    func isWell(_ root: WatchedRoot) async throws -> Bool {
        guard live.isWell(root.id) else { return false }
        let known = try await ledger.identity(of: root.id)
        return await Blocking.run {
            var health = RootHealth(settings: root.settings, remembered: known)
            return switch health.check() {
            case .same: true
            // One that was never looked at is not another one.
            case .renewed: known == nil
            case .unhealthy: false
            }
        }
    }
}

/// Captures whose files are not there when they are to be worked on.
extension CaptureWorker {
    var standing: RootStanding { RootStanding(ledger: ledger, live: live) }

    /// Ends the attempt at a capture whose file is not there. One that was done, and whose result is where it should be, is
    /// done; any other is left out. Either is worked on once its file is back.
    func leave(_ claim: Claim, gone reason: String, _ findings: Findings) async -> Outcome {
        let row = claim.row
        var (isWell, known): (Bool, ResultRow?) = (false, nil)
        await persist {
            isWell = try await standing.isWell(claim.root)
        }
        guard isWell else { return await giveBack(claim, note: RootStanding.note, after: 1000) }
        await settleLeftovers(claim)
        await persist { known = try await ledger.results(of: row.id).first { $0.version == nil } }
        var resultStays = false
        if let known {
            do throws(TreeError) {
                resultStays = try await isThere(known, claim)
            } catch {
                return await blame(error, claim, findings)
            }
        }
        let note =
            !row.wasDone
            ? reason
            : "it could not be worked out again: \(reason)"
                + (resultStays ? "; its result stays" : ", and its result is not in the output either")
                + "; it is worked out once the file is back"
        let stays = resultStays
        // A name that was reserved for the next result is not needed any more.
        let name = stays ? known.flatMap { $0.output == row.output || isOfHeldFolder($0, row) ? nil : $0.output } : nil
        await persist {
            if let name { try await ledger.keepName(name, of: row.id) }
            try await ledger.end(row.id, stamp: row.stamp, .gone(note: note, resultStays: stays), now: clock.now)
        }
        if row.wasDone {
            log.write(.trouble("\(claim.name): \(note)"))
        } else {
            log.write(.ignored(lab: claim.root.settings.lab, file: claim.name, reason: reason))
        }
        return await takeUpIfBack(claim)
    }

    /// Whether a result lies where version 0.7 held it back, for the name that is reserved for its capture's.
    private func isOfHeldFolder(_ result: ResultRow, _ row: CaptureRow) -> Bool {
        HeldMigration.newName(of: result.output, reserved: row.output ?? []) != nil
    }

    /// Whether a result of a capture is where the ledger says it is.
    private func isThere(_ result: ResultRow, _ claim: Claim) async throws(TreeError) -> Bool {
        // What was never written to says nothing of results.
        guard written.isKnown(claim.output.directory) else { return true }
        let found = await Blocking.run { [written] () -> Result<Bool, TreeError> in
            Result { () throws(TreeError) in
                let commit = ResultCommit(try written.results(claim.output))
                let sidecar = commit.soundSidecar(of: result.output, in: .init(delivery: result.delivery))
                return sidecar?.capture?.identity == result.identity
            }
        }
        return try found.get()
    }

    /// A file that came back before the ledger had it as gone was seen for nothing.
    private func takeUpIfBack(_ claim: Claim) async -> Outcome {
        let (row, source) = (claim.row, claim.root.source)
        guard let stamp = try? await Blocking.run({ try source.stamp(of: row.path) }) else { return .ended }
        let known = live.trusted(stamp, of: row.root)
        await persist {
            _ = try await ledger.record(
                [.init(Sighting(path: row.path, stamp: known))], root: row.root, settle: claim.root.settings.settle,
                now: clock.now)
        }
        return .waits
    }
}
