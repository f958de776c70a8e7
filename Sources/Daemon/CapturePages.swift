import Foundation
import Jobs
import Ledger
import Watching

/// Files of several pages whose profile says `pages = "all"`: each page is a capture of its own. The file's row is its first
/// page's; the further ones are entered before that is done, and are worked on as all captures are, so that what holds for
/// captures holds for pages.
extension CaptureWorker {
    /// No file has more.
    static let mostPages = 4096

    /// Enters the further pages of a capture, and has those looked at again that it does not have any more, or that are to
    /// have no results of their own any more.
    ///
    /// - Parameter count: of pages that are captures, with the first.
    func enterPages(of claim: Claim, _ count: Int) async throws {
        let row = claim.row
        guard row.path.page == nil else { return }
        let surplus = try await ledger.pages(of: row).filter { ($0.path.page ?? 0) > count && $0.state != .ignored }
        let paths = (count > 1 ? (2...count).map { row.path.page($0) } : []) + surplus.map(\.path)
        guard !paths.isEmpty else { return }
        let recorded = try await ledger.record(
            paths.map { .init(Sighting(path: $0, stamp: row.stamp)) }, root: row.root,
            settle: claim.root.settings.settle,
            now: clock.now)
        FailPoint.afterPagesEntered.pass()
        guard recorded != Ledger.Recorded() else { return }
        log.write(
            .seen(
                lab: claim.root.settings.lab, root: claim.root.settings.path, added: recorded.added.count,
                changed: recorded.changed.count, ignored: recorded.ignored.count))
    }

    /// Throws where a page is none that is to have a result.
    ///
    /// - Parameter count: of the file's pages.
    func checkPage(_ claim: Claim, among count: Int, isResult: Bool) throws {
        guard let page = claim.row.path.page else { return }
        guard isResult else { throw AttemptError.noPage("its profile makes no results of further pages (pages)") }
        guard page <= count else { throw AttemptError.noPage("its file has no such page any more") }
    }

    /// Keeps the result of a page that is none any more as a version, and leaves the page out.
    func retire(_ claim: Claim, _ reason: String) async -> Outcome {
        let row = claim.row
        do {
            var older: Ledger.KeptVersion?
            if let output = row.output, written.isKnown(claim.output.directory) {
                let last = try await ledger.lastVersion(of: row.id)
                older = try await Blocking.run {
                    try ResultCommit(self.written.results(claim.output)).retire(output, after: last)
                }
            }
            let kept = older
            await persist { try await ledger.retire(row.id, stamp: row.stamp, older: kept, note: reason) }
            log.write(.ignored(lab: claim.root.settings.lab, file: claim.name, reason: reason))
            return .ended
        } catch {
            log.write(.trouble("\(claim.name): its result could not be kept aside (\(error)); it is tried again"))
            return await giveBack(claim, note: "\(error)", after: 30_000)
        }
    }

    /// Reads what the microscope's program wrote beside a capture that was read, if it did. Never a reason to fail or to
    /// wait, and not done again for a capture that cost a worker.
    func readNotes(_ claim: Claim, at desk: any CaptureDesk) async throws {
        let (row, source) = (claim.row, claim.root.source)
        guard row.workers == 0, row.crashes == 0 else { return }
        let paths = await Blocking.run {
            CompanionNotes.names(of: row.path.file.bytes).compactMap { CapturePath(bytes: $0) }.filter { path in
                (try? source.stamp(of: path)).map { (1...Int64(CompanionNotes.mostBytes)).contains($0.size) } ?? false
            }
        }
        for path in paths {
            do {
                if try await desk.readNotes(path, in: source) { return }
            } catch let loss as WorkerLoss {
                throw loss
            } catch {
                // It is gone, or cannot be had: the capture is done without it.
            }
        }
    }
}

extension ResultCommit {
    /// Keeps the result of a name as a version and takes the name away, in both trees. Each step can be done again.
    ///
    /// - Parameter last: the greatest number that a version of it ever had.
    ///
    /// Throws ``TreeError``.
    func retire(_ output: [UInt8], after last: Int) throws(TreeError) -> Ledger.KeptVersion? {
        do throws(TreeError) {
            var older = Older()
            try keepOlder(of: output, in: .delivered, after: last, &older)
            for tree in ResultTrees.Tree.allCases { try removeOlderElsewhere(output, than: tree) }
            return older.replaced.older ?? newVersion(of: output, after: last, first: .delivered)
        } catch {
            throw trees.named(error)
        }
    }
}

extension CapturePath {
    /// What tells a capture's bytes: the file's digest, or one of it and the page.
    func digest(ofFile sha256: String) -> String {
        page.map { FileDigest.sha256(Array("\(sha256) page \($0)".utf8)) } ?? sha256
    }
}

extension Sidecar.Capture {
    /// The capture below its root: a file, or a page of one.
    var place: CapturePath? {
        guard let file = CapturePath(text: path, hexadecimal: pathBytes)?.file else { return nil }
        return page.map { file.page($0) } ?? file
    }
}
