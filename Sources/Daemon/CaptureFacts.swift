import Config
import Foundation
import Jobs
import Ledger
import Watching

extension CaptureWorker {
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
        var task: Task
        var digest: String
        var identity: String
        var match: RuleMatcher.Match
        var profile: Profile
        var begin: ContinuousClock.Instant
        var linking: Bool
        /// The greatest number that a version of its result ever had.
        var lastVersion: Int

        /// How many pages of a capture are captures, by what its sidecar says.
        func pages(_ sidecar: Sidecar) -> Int {
            let count = min(sidecar.source.pages ?? 1, CaptureWorker.mostPages)
            return profile.isResultEachPage ? max(1, count) : 1
        }

        func capture(_ sidecar: Sidecar, duplicateOf earlier: [UInt8]? = nil) -> Sidecar.Capture {
            Sidecar.Capture(
                lab: task.root.settings.lab, root: task.root.settings.path, path: task.row.path.file.description,
                pathBytes: task.row.path.hexadecimalUnlessPlain, rule: match.rule, attempt: task.row.attempts,
                seenAt: Timestamp.text(Date(timeIntervalSince1970: task.row.seenAt)), inode: task.row.stamp.inode,
                modifiedNanoseconds: task.row.stamp.modifiedNanoseconds, identity: identity,
                page: task.row.path.page ?? (pages(sidecar) > 1 ? 1 : nil),
                duplicateOf: earlier.map { CapturePath.printable($0) })
        }

        func result(_ sidecar: Sidecar, output: [UInt8]) -> ResultRow {
            ResultRow(
                digest: digest, identity: identity, profile: profile.name, verdict: sidecar.verdict.value.rawValue,
                delivery: sidecar.verdict.delivery.rawValue, output: output, attempt: task.row.attempts,
                durationMilliseconds: (begin.duration(to: ContinuousClock().now) / .milliseconds(1)).rounded(),
                finishedAt: Date().timeIntervalSince1970, treatment: sidecar.quality.treatment.rawValue,
                engine: sidecar.engineVersion)
        }
    }
}
