import Config
import Foundation
import Ledger
import Watching

/// Forgets, once a day, captures that ended longer ago than the retention and whose files are gone. What is pending, or
/// still there, is never forgotten.
struct Housekeeping: Sendable {
    let ledger: Ledger
    let live: LiveConfiguration
    let clock: any DaemonClock
    let log: EventLog

    private static let page = 500
    private static let interval: Int64 = 86_400_000

    func run() async {
        while !Task.isCancelled {
            do {
                // Not in the rush of the start.
                try await clock.sleep(milliseconds: 600_000)
                try await forget()
                try await clock.sleep(milliseconds: Self.interval)
            } catch is CancellationError {
                return
            } catch {
                log.write(.trouble("old captures could not be forgotten: \(error)"))
            }
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
            let gone = try await Blocking.run {
                rows.filter { row in
                    guard let root = live.root(row.root) else { return false }
                    // A root that is away says of all its files that they are gone.
                    guard FileManager.default.fileExists(atPath: root.settings.path) else { return false }
                    do {
                        _ = try root.source.stamp(of: row.path)
                        return false
                    } catch SourceError.gone {
                        return live.labs().contains { $0.roots.contains(root.id) }
                    } catch {
                        return false
                    }
                }.map(\.id)
            }
            try await ledger.forget(gone)
            count += gone.count
        }
        if count > 0 { log.write(.forgotten(count: count)) }
    }
}
