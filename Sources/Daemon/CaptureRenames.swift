import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

/// What a capture was called before: its result follows it, so that no reader counts the field twice.
///
/// A capture has been renamed, or moved within its root, if another capture of the root has a result of the same bytes and
/// its file is gone, or is another one by now. So it does not matter how the new name was noticed, by an event or by a scan,
/// nor whether files keep their numbers there.
extension CaptureWorker {
    /// Takes up what was begun for a capture under its new name, or under the former one, and did not come to its end.
    ///
    /// - Returns: what the capture is done with by that.
    func settleRenames(_ claim: Claim, gate: WorkGate, _ findings: inout Findings) async throws -> Committed? {
        for rename in try await ledger.renames(touching: claim.row.id) {
            try hold(Self.key(rename.capture.id), &findings)
            let committed = try await run(rename, claim, gate: gate)
            if rename.capture.id == claim.row.id, rename.plan.isDone, let committed { return committed }
        }
        return nil
    }

    /// Has the result of the capture's former name follow it, if it had one.
    ///
    /// - Returns: what the capture is done with by that; nil where it is to be worked on as any other.
    func follow(
        _ claim: Claim, _ digest: String, _ match: RuleMatcher.Match, gate: WorkGate, _ findings: inout Findings
    ) async throws -> Committed? {
        let row = claim.row
        // One of the same bytes may be about to be done under its former name.
        try hold("\(row.root) \(digest)", &findings)
        guard claim.root.settings.renames == .follow,
            try await !ledger.results(of: row.id).contains(where: { $0.version == nil && $0.digest == digest })
        else { return nil }
        heartbeat.advance(row.id, to: "looking for a former name")
        try await awaitUnsettled(claim)
        guard let found = try await formerName(claim, digest) else { return nil }
        if found.isGone, try await !standing.isWell(claim.root) {
            throw AttemptError.notYet(note: RootStanding.note, due: clock.now.milliseconds + 1000)
        }
        // A further page is named as the first is, which is about to get its name.
        if let first = try await firstPage(of: row), first.inProgress, first.output == nil {
            throw AttemptError.sameInWork
        }
        // Whoever is at the former name's next takes up what was begun, but not while it is being done.
        try hold(Self.key(row.id), &findings)
        let (former, result, isGone) = (found.row, found.result, found.isGone)
        let isDone =
            former.state != .pending && former.state != .failed && result.digest == digest
            && result.profile == match.profile
        let delivery = Sidecar.Delivery(rawValue: result.delivery) ?? .delivered
        let trees = try await Blocking.run { try self.treesWithRoom(claim, for: delivery) }
        guard gate.beginCommit() else { throw AttemptError.abandoned }
        defer { gate.endCommit() }
        // Its further pages follow it as it does.
        if found.pages > 1 { try await enterPages(of: claim, found.pages) }
        let ownLast = try await ledger.lastVersion(of: row.id)
        let formerLast = try await ledger.lastVersion(of: former.id)
        // The format is that of its time.
        let rules = try await Blocking.run { try self.written.rules(of: trees) }
        let names = try await names(of: claim, as: found.format, rules, former: isGone ? former.path : nil)
        let rename = try await ledger.beginRename(
            row.id, from: former.id, outputs: names, caseless: rules.contains(.caseless),
            note: isGone ? "renamed to \(row.path), which has its result now" : nil
        ) { output in
            RenamePlan(
                stamp: row.stamp, rule: match.rule, isDone: isDone,
                ownVersions: Self.versions(of: output, in: trees, after: ownLast, withCurrent: true),
                versions: Self.versions(of: result.output, in: trees, after: formerLast, withCurrent: false))
        }
        guard let rename else { throw AttemptError.sameInWork }
        FailPoint.afterRenameBegun.pass()
        if former.state == .failed { await release(claim, of: former.path) }
        let committed = try await run(rename, claim, gate: gate)
        return isDone ? committed : nil
    }

    /// - Parameter id: of the capture under its new name.
    private static func key(_ id: Int64) -> String { "rename \(id)" }

    private func run(_ rename: Rename, _ claim: Claim, gate: WorkGate) async throws -> Committed? {
        let delivery = Sidecar.Delivery(rawValue: rename.result.delivery) ?? .delivered
        heartbeat.advance(claim.row.id, to: "following a rename")
        let trees = try await Blocking.run { try self.treesWithRoom(claim, for: delivery) }
        guard gate.beginCommit() else { throw AttemptError.abandoned }
        defer { gate.endCommit() }
        let settings = claim.root.settings
        let outcome = try await FollowedRename(
            ledger: ledger, rename: rename, trees: trees, lab: settings.lab, root: settings.path
        ).run(now: clock.now)
        pauses.succeeded(at: Self.places(of: delivery))
        guard outcome.found != nil else { return nil }
        log.write(.renamed(rename, lab: settings.lab, root: settings.path))
        return Committed(rename, outcome)
    }

    /// The greatest number of a version of a result, by tree.
    ///
    /// - Parameters:
    ///   - last: that which one ever had, also one that was removed since.
    ///   - withCurrent: also what will become one when another takes its place.
    private static func versions(
        of output: [UInt8], in trees: ResultTrees, after last: Int, withCurrent: Bool
    ) -> [String: Int] {
        let commit = ResultCommit(trees)
        return Dictionary(
            uniqueKeysWithValues: ResultTrees.Tree.allCases.map { tree in
                let image = trees.place(of: output, in: tree)
                let isThere = TreeFiles.exists(image) && TreeFiles.exists(OutputNames.sidecar(image))
                let count = commit.latestVersion(of: output, in: tree, after: last)?.number ?? 0
                return (tree.name, count + (withCurrent && isThere ? 1 : 0))
            })
    }

    /// Throws while a capture that was in work when the daemon died, and is gone, was not looked at: its result may be in
    /// the tree, and only the ledger does not know.
    private func awaitUnsettled(_ claim: Claim) async throws {
        for other in try await ledger.unsettled(root: claim.row.root, size: claim.row.stamp.size, besides: claim.row.id)
        {
            guard try await Blocking.run({ try Self.stamp(of: other, claim) }) == nil else { continue }
            throw AttemptError.notYet(
                note: "a capture that was in work when the daemon ended, and may be this one, is looked at first",
                due: clock.now.milliseconds + 500)
        }
    }

    /// A capture under its former name.
    private struct Former {
        var row: CaptureRow
        var result: ResultRow
        var format: ImageFormat
        /// How many pages of it had results.
        var pages: Int
        /// There is no file of that name; where there is one, it is another.
        var isGone: Bool
    }

    private func formerName(_ claim: Claim, _ digest: String) async throws -> Former? {
        let found = try await ledger.formerNames(of: claim.row, digest: digest)
        guard !found.isEmpty else { return nil }
        let trees = try await Blocking.run { try self.written.results(claim.output) }
        for (former, result) in found {
            let known = try await Blocking.run { () -> Former? in
                let tree = ResultTrees.Tree(delivery: result.delivery)
                let stamp = try Self.stamp(of: former, claim)
                // What is there and is what its result was made of has its name still: nothing else need be read.
                if former.state == .done, let stamp, stamp.isSameContent(as: former.stamp) { return nil }
                guard let sidecar = ResultCommit(trees).soundSidecar(of: result.output, in: tree),
                    sidecar.capture?.identity == result.identity,
                    !(stamp.map { Self.isSame($0, as: sidecar) } ?? false),
                    let format = ImageFormat(rawValue: sidecar.output.format)
                else { return nil }
                let pages = sidecar.capture?.page == 1 ? min(sidecar.source.pages ?? 1, Self.mostPages) : 1
                return Former(row: former, result: result, format: format, pages: pages, isGone: stamp == nil)
            }
            // What it is at ends in moments, and tells more.
            if known != nil, former.inProgress { throw AttemptError.sameInWork }
            if let known { return known }
        }
        return nil
    }

    /// What the file of another capture of the same root looks like; nil where there is none.
    private static func stamp(of row: CaptureRow, _ claim: Claim) throws -> FileStamp? {
        do {
            return try claim.root.source.stamp(of: row.path)
        } catch SourceError.gone {
            return nil
        }
    }

    /// Whether a file looks like what a result was made of. One that has its bytes and other times only costs work.
    private static func isSame(_ stamp: FileStamp, as sidecar: Sidecar) -> Bool {
        stamp.size == Int64(sidecar.source.bytes) && stamp.modifiedNanoseconds == sidecar.capture?.modifiedNanoseconds
    }

    /// Leaves out captures that failed under a former name of this one, and takes away what the quarantine says of them.
    func leaveFormerFailures(_ claim: Claim, digest: String?) async {
        guard claim.root.settings.renames == .follow else { return }
        do {
            for former in try await ledger.failures(like: claim.row, digest: digest) {
                guard try await Blocking.run({ try Self.stamp(of: former, claim) }) == nil,
                    try await standing.isWell(claim.root)
                else { continue }
                try await ledger.leaveFailure(former.id, note: "renamed to \(claim.row.path), which fails as well")
                await release(claim, of: former.path)
            }
        } catch {
            log.write(.trouble("former names of \(claim.name) could not be looked for: \(error)"))
        }
    }
}
