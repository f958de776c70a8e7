import Config
import Foundation
import Ledger
import Watching

/// Once a day, and when it is rung for: forgets captures that ended longer ago than the retention and whose files are gone,
/// and removes older versions of results that are kept no longer. What is pending, or still there, is never forgotten.
struct Housekeeping: Sendable {
    let ledger: Ledger
    let live: LiveConfiguration
    let written: WrittenTrees
    let clock: any DaemonClock
    let log: EventLog
    /// Rung when the configuration was read anew.
    let bell: Doorbell

    private static let page = 500
    private static let interval: Int64 = 86_400_000

    func run() async {
        // Not in the rush of the start.
        var wait: Int64 = 600_000
        while true {
            await bell.wait(milliseconds: wait, clock: clock)
            guard !Task.isCancelled else { return }
            await attempt("old captures could not be forgotten") { try await forget() }
            await attempt("older versions could not be removed") {
                try await VersionRetention(ledger: ledger, written: written, live: live, clock: clock, log: log).run()
            }
            wait = Self.interval
        }
    }

    private func attempt(_ failure: String, _ body: () async throws -> Void) async {
        do {
            try await body()
        } catch is CancellationError {
        } catch {
            log.write(.trouble("\(failure): \(error)"))
        }
    }

    /// One pass, a page of captures at a time.
    func forget() async throws {
        let before = clock.now.wall - Double(live.configuration.retention.components.seconds)
        var last: Int64 = 0
        var count = 0
        while true {
            let rows = try await ledger.finished(before: before, after: last, limit: Self.page)
            guard let end = rows.last else { break }
            last = end.id
            let gone = await Blocking.run {
                rows.filter { row in
                    live.root(row.root).map { $0.source.isGone(row.path, root: $0.settings.path) } ?? false
                }
            }
            for (id, rows) in Dictionary(grouping: gone, by: \.root) {
                guard let root = live.root(id), try await RootStanding(ledger: ledger, live: live).isWell(root) else {
                    continue
                }
                try await ledger.forget(rows.map(\.id))
                count += rows.count
            }
        }
        if count > 0 { log.write(.forgotten(count: count)) }
    }
}
