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

        func capture(duplicateOf earlier: [UInt8]? = nil) -> Sidecar.Capture {
            Sidecar.Capture(
                lab: task.root.settings.lab, root: task.root.settings.path, path: task.row.path.description,
                pathBytes: task.row.path.hexadecimalUnlessPlain, rule: match.rule, attempt: task.row.attempts,
                seenAt: Timestamp.text(Date(timeIntervalSince1970: task.row.seenAt)), inode: task.row.stamp.inode,
                modifiedNanoseconds: task.row.stamp.modifiedNanoseconds, identity: identity,
                duplicateOf: earlier.map { CapturePath.printable($0) })
        }

        func result(_ sidecar: Sidecar, output: [UInt8]) -> ResultRow {
            ResultRow(
                digest: digest, identity: identity, profile: profile.name, verdict: sidecar.verdict.value.rawValue,
                delivery: sidecar.verdict.delivery.rawValue, output: output, attempt: task.row.attempts,
                durationMilliseconds: (begin.duration(to: ContinuousClock().now) / .milliseconds(1)).rounded(),
                finishedAt: Date().timeIntervalSince1970, treatment: sidecar.quality.treatment.rawValue)
        }
    }
}
