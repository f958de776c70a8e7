import Config
import Ledger

/// Reads from the sidecars which engine made results of before the ledger kept that: once, after an upgrade.
struct EngineSurvey: Sendable {
    let ledger: Ledger
    let written: WrittenTrees
    let live: LiveConfiguration
    let clock: any DaemonClock

    private static let page = 200

    /// Returns once all that can be read is; waits for trees that are away. What has no sidecar stays unknown.
    func run() async {
        var last: Int64 = 0
        while !Task.isCancelled {
            do {
                let rows = try await ledger.withoutEngine(after: last, limit: Self.page)
                guard let end = rows.last else { return }
                let settings = live.configuration.output
                let engines = try await Blocking.run {
                    let commit = ResultCommit(try written.results(settings))
                    return rows.compactMap { row in
                        commit.sidecar(of: row.output ?? [], in: .init(delivery: row.delivery))
                            .map { (capture: row, engine: $0.engineVersion) }
                    }
                }
                try await ledger.setEngines(engines)
                last = end.id
            } catch {
                do { try await clock.sleep(milliseconds: 60_000) } catch { return }
            }
        }
    }
}
