import Config
import Foundation
import ImageFiles
import Jobs
import Ledger
import Watching

extension CaptureWorker {
    /// A capture that was claimed.
    struct Claim: Sendable {
        var row: CaptureRow
        var root: WatchedRoot
        var profiles: [String: Profile]
        var output: OutputSettings
        var limits: ImageLimits
        /// For profiles that name none.
        var weights: String?
        var isolation: DaemonConfiguration.Isolation
        var retry: RetryPolicy
        /// Of memory, for one that waited for it.
        var share: MemoryBudget.Share?
        var name: String { root.name(of: row.path) }
        var format: ImageFormat { output.format.imageFormat }
        /// How it is read before its profile is known.
        var glance: ReadingOptions { ReadingOptions(limits: limits, pages: .first) }
    }

    /// What an attempt found out, for the ending's record.
    struct Findings {
        var digest: String?
        var match: RuleMatcher.Match?
        var profile: Profile?
        /// What no other capture may be at until the ledger knows of this attempt's end.
        var held: [String] = []
    }

    struct Committed {
        var result: ResultRow
        var older: Ledger.KeptVersion?
        /// Versions that have other names than before.
        var movedVersions: [Ledger.KeptVersion] = []
        var how: DaemonEvent.Finished.How
        /// Why it is less than good, what was noted, and what its reader had to overlook or to guess.
        var notes: [String]
        /// How many pages of its file are captures.
        var pages = 1
        /// The path that the capture had before, where its result followed it: that is in the ledger already.
        var former: CapturePath?

        init(_ rename: Rename, _ outcome: FollowedRename.Outcome) {
            result = rename.result
            result.output = rename.capture.output ?? rename.result.output
            older = outcome.older
            how = .renamed
            notes = []
            former = rename.former.path
        }

        init(
            _ facts: Facts, _ found: ResultCommit.FoundSidecar, output: [UInt8],
            _ replaced: ResultCommit.Replaced = .init(), moved: OutgrownName.Moved = .init(),
            how: DaemonEvent.Finished.How, at now: Moment
        ) {
            let sidecar = found.sidecar
            result = facts.result(sidecar, output: output, at: now)
            result.sidecar = found.digest
            pages = facts.pages(sidecar)
            older = moved.older ?? replaced.older
            movedVersions = moved.versions
            self.how = how
            notes = sidecar.verdict.texts + sidecar.warnings
            notes += (moved.aside + replaced.aside).map {
                "what lay there was not the result that its sidecar spoke of, and was put aside as "
                    + CapturePath.printable($0)
            }
        }

        /// Something more is known of the lab's colors.
        var isNewlyTransferred: Bool {
            how != .duplicate && how != .renamed && result.treatment == Ledger.transferred
        }
    }

    /// The profile of a capture.
    struct Matched {
        var match: RuleMatcher.Match
        var profile: Profile
        /// Of the decoded file; nil where the rules go without.
        var metadata: ImageMetadata?
    }

    /// Where a capture's result may go.
    struct Places: Sendable {
        /// Its name below either tree.
        var output: [UInt8]
        var commit: ResultCommit

        func name(for delivery: Sidecar.Delivery) -> String {
            CapturePath.printable(commit.trees.full(output, in: .init(delivery)))
        }

        var names: [Sidecar.Delivery: String] {
            Dictionary(uniqueKeysWithValues: Sidecar.Delivery.allCases.map { ($0, name(for: $0)) })
        }
    }

    /// What is known of a capture before its result is.
    struct Facts: Sendable {
        var claim: Claim
        var digest: String
        var identity: String
        var match: RuleMatcher.Match
        var profile: Profile
        var begin: ContinuousClock.Instant
        /// The results that it has, as the ledger knows them.
        var results: [ResultRow]
        /// The greatest number that a version of its result ever had.
        var lastVersion: Int { results.compactMap(\.version).max() ?? 0 }

        /// What of its results has another name than the next one.
        func outgrown(_ output: [UInt8], in trees: ResultTrees) -> OutgrownName {
            OutgrownName(trees: trees, results: results, output: output)
        }

        /// How many pages of a capture are captures, by what its sidecar says.
        func pages(_ sidecar: Sidecar) -> Int {
            let count = min(sidecar.source.pages ?? 1, CaptureWorker.mostPages)
            return profile.isResultEachPage ? max(1, count) : 1
        }

        func capture(_ sidecar: Sidecar, duplicateOf earlier: [UInt8]? = nil) -> Sidecar.Capture {
            Sidecar.Capture(
                lab: claim.root.settings.lab, root: claim.root.settings.path, path: claim.row.path.file.description,
                pathBytes: claim.row.path.hexadecimalUnlessPlain, rule: match.rule, attempt: claim.row.attempts,
                seenAt: Timestamp.text(Date(timeIntervalSince1970: claim.row.seenAt)), inode: claim.row.stamp.inode,
                modifiedNanoseconds: claim.row.stamp.modifiedNanoseconds, identity: identity,
                page: claim.row.path.page ?? (pages(sidecar) > 1 ? 1 : nil),
                duplicateOf: earlier.map { CapturePath.printable($0) })
        }

        func result(_ sidecar: Sidecar, output: [UInt8], at now: Moment) -> ResultRow {
            ResultRow(
                digest: digest, identity: identity, profile: profile.name, verdict: sidecar.verdict.value.rawValue,
                delivery: sidecar.verdict.delivery.rawValue, output: output, attempt: claim.row.attempts,
                durationMilliseconds: (begin.duration(to: ContinuousClock().now) / .milliseconds(1)).rounded(),
                finishedAt: now.wall, treatment: sidecar.quality.treatment.rawValue,
                engine: sidecar.engineVersion)
        }
    }
}
