import Config
import Foundation
import Jobs
import Ledger
import NCTEngine
import Watching

extension PeriodReport {
    /// Reads the ledger and the sidecars of a period's results, page by page: a daemon may be at work meanwhile.
    ///
    /// - Parameters:
    ///   - lab: only this one's; nil takes all.
    ///   - since: seconds since 1970, as `until`, which is exclusive.
    ///   - trees: where the sidecars are; one that does not answer counts as none.
    public init(
        _ ledger: Ledger, trees: ResultTrees, stateDirectory: String, lab only: String?, since: Double, until: Double,
        clock: some DaemonClock
    ) async throws {
        func text(_ seconds: Double) -> String { Timestamp.text(Date(timeIntervalSince1970: seconds)) }
        (host, engine) = (Host.name, EngineVersion.current)
        createdAt = Timestamp.text(clock.now.date)
        (self.since, self.until) = (text(since), text(until))
        let summaries = try await ledger.summaries(now: clock.now).filter { only == nil || $0.root.lab == only }
        let roots = Dictionary(summaries.map { ($0.root.id, $0.root) }, uniquingKeysWith: { $1 })
        var tallies = Dictionary(summaries.map { ($0.root.lab, LabTally($0.root.lab)) }, uniquingKeysWith: { $1 })
        let answering = Self.answering(trees)
        let commit = ResultCommit(trees)
        for state in [CaptureState.done, .failed] {
            let selection = Ledger.Selection(state: state, lab: only, since: since, until: until)
            var last: Int64 = 0
            while case let page = try await ledger.page(selection, after: last, limit: Self.page), let end = page.last {
                last = end.id
                for row in page {
                    guard let root = roots[row.root] else { continue }
                    if state == .failed {
                        tallies[root.lab]?.fail(row, name: root.name(of: row.path))
                        continue
                    }
                    let tree = ResultTrees.Tree(delivery: row.delivery)
                    let sidecar = answering.contains(tree) ? commit.sidecar(of: row.output ?? [], in: tree) : nil
                    // A name that comes again has another sidecar by now.
                    let isOwn = sidecar?.capture?.identity == row.identity
                    tallies[root.lab]?.add(row, isOwn ? sidecar : nil)
                }
            }
        }
        let arrivals = try await ledger.arrivals(since: since, until: until)
        let removed = try await ledger.removedVersions(since: since, until: until)
        let disk = answering.count == ResultTrees.Tree.allCases.count ? DiskUse(trees) : nil
        let learned = StatusReport.learned(stateDirectory: stateDirectory)
        labs = tallies.sorted { $0.key < $1.key }.map { name, tally in
            let own = summaries.filter { $0.root.lab == name }
            var lab = tally.finished(arrivals[name], pending: own.map(\.counts.pending).reduce(0, +))
            lab.removedVersions = removed[name] ?? 0
            lab.disk = disk?.labs.first { $0.lab == name }
            lab.learned = learned.filter { $0.lab == name }
            return lab
        }
    }

    private static let page = 500

    /// The trees that answer: a share whose server is gone would hold whoever looks.
    private static func answering(_ trees: ResultTrees) -> Set<ResultTrees.Tree> {
        Set(
            ResultTrees.Tree.allCases.filter { tree in
                let directory = trees.directory(tree)
                return Answer.within(CapturePath.printable(directory)) { TreeFiles.exists(directory) } != nil
            })
    }
}
