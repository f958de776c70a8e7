import Config
import Jobs
import Ledger
import Watching

/// Removes older versions of results that the configuration keeps no longer. What is current is never removed: only what
/// is known as a version, has a version's name, and was replaced by a result that is known too.
package struct VersionRetention: Sendable {
    let ledger: Ledger
    let written: WrittenTrees
    let live: LiveConfiguration
    let clock: any DaemonClock
    let log: EventLog

    private static let page = 200

    package init(
        ledger: Ledger, written: WrittenTrees, live: LiveConfiguration, clock: any DaemonClock, log: EventLog
    ) {
        (self.ledger, self.written, self.live, self.clock, self.log) = (ledger, written, live, clock, log)
    }

    /// One pass over all versions, a page at a time; each that is removed is said.
    package func run() async throws {
        let settings = live.configuration.output
        guard settings.keepVersions != nil || settings.keepDays != nil else { return }
        let labs = Dictionary(try await ledger.roots().map { ($0.id, $0.lab) }, uniquingKeysWith: { $1 })
        var last: Int64 = 0
        while true {
            try Task.checkCancellation()
            let page = try await ledger.versioned(after: last, limit: Self.page)
            guard let end = page.last else { return }
            last = end.capture.id
            for (capture, results) in page {
                for (version, why) in Self.expired(results, settings, now: clock.now.wall) {
                    guard let bytes = try await remove(version, settings) else { continue }
                    try await ledger.setRemoved(version, of: capture.id, now: clock.now)
                    log.write(
                        .versionRemoved(
                            lab: labs[capture.root] ?? "", output: CapturePath.printable(version.output), bytes: bytes,
                            reason: why))
                }
            }
        }
    }

    /// The versions that are to go, with the reason.
    ///
    /// - Parameters:
    ///   - results: of one capture, the older ones first and the current one last.
    ///   - now: seconds since 1970.
    package static func expired(
        _ results: [ResultRow], _ settings: OutputSettings, now: Double
    ) -> [(version: ResultRow, why: String)] {
        // Without a current result the newest version may be all there is.
        guard results.last?.version == nil, results.count > 1 else { return [] }
        return results.indices.dropLast().compactMap { index in
            let version = results[index]
            guard version.version != nil, version.removedAt == nil else { return nil }
            let newer = results.count - 2 - index
            if let most = settings.keepVersions, newer >= most { return (version, "keep_versions = \(most)") }
            guard let days = settings.keepDays, results[index + 1].finishedAt < now - Double(days) * 86400
            else { return nil }
            return (version, "keep_days = \(days)")
        }
    }

    /// Removes a version's files, the sidecar first: whoever sees it may read the image.
    ///
    /// - Returns: the bytes that are free now; nil where the name is no version's.
    private func remove(_ version: ResultRow, _ settings: OutputSettings) async throws -> Int64? {
        guard let number = version.version, OutputNames.versionNumber(version.output) == number else { return nil }
        let tree = ResultTrees.Tree(delivery: version.delivery)
        return try await Blocking.run {
            let trees = try written.results(settings)
            let image = trees.place(of: version.output, in: tree)
            do {
                let names = [OutputNames.sidecar(image), image]
                let bytes = names.compactMap(TreeFiles.usage).filter { $0.links == 1 }.map(\.bytes).reduce(0, +)
                for name in names { try TreeFiles.removeSurely(name) }
                return bytes
            } catch let error as TreeError {
                throw trees.named(error)
            }
        }
    }
}
