import Ledger

/// Of single captures.
extension DaemonEvent {
    /// A capture that was committed.
    public struct Finished: Sendable, Equatable {
        public enum How: String, Sendable {
            case normalized, duplicate
            /// Its result lay there: the one that it would get again, or one that was committed before the process died and
            /// that only the ledger did not know. The duration is that of this look.
            case recovered
            /// It followed its capture to another name.
            case renamed
        }

        public var lab: String
        public var profile: String
        public var file: String
        public var sha256: String
        public var output: String
        public var verdict: String
        public var delivery: String
        public var how: How
        public var version: Int?
        public var milliseconds: Double
        /// Why it is less than good, and what its reader had to overlook or to guess.
        public var notes: [String]

        package init(
            lab: String, profile: String, file: String, sha256: String, output: String, verdict: String,
            delivery: String, how: How, version: Int?, milliseconds: Double, notes: [String] = []
        ) {
            (self.lab, self.profile, self.file, self.sha256) = (lab, profile, file, sha256)
            (self.output, self.verdict, self.delivery, self.how) = (output, verdict, delivery, how)
            (self.version, self.milliseconds, self.notes) = (version, milliseconds, notes)
        }
    }

    package static func done(_ finished: Finished) -> Self {
        .init(
            .done, at: finished.delivery == "delivered" ? .info : .warning,
            ([
                "\(finished.file): \(finished.how.rawValue), \(finished.verdict), \(finished.delivery) as \(finished.output)"
            ] + finished.notes).joined(separator: "; "),
            [
                .lab: finished.lab, .profile: finished.profile, .file: finished.file, .sha256: finished.sha256,
                .state: CaptureState.done.rawValue, .verdict: finished.verdict, .output: finished.output,
                .version: finished.version.map(String.init),
                .durationMilliseconds: String(Int(finished.milliseconds.rounded())),
            ])
    }

    package static func failed(lab: String, file: String, failure: CaptureFailure, attempts: Int) -> Self {
        .init(
            .failed, at: .warning,
            "\(file): quarantined after \(attempts.counted("attempt")): \(failure.text)",
            [
                .lab: lab, .file: file, .state: CaptureState.failed.rawValue, .error: failure.code,
                .reason: failure.message, .remedy: failure.remedy, .attempt: String(attempts),
            ])
    }

    /// The result of a capture that has another name now followed it.
    package static func renamed(lab: String, file: String, former: String, output: String) -> Self {
        .init(
            .renamed, "\(file): it was \(former); its result followed as \(output)",
            [
                .lab: lab, .file: file, .formerFile: former, .state: CaptureState.done.rawValue, .output: output,
            ])
    }

    /// The result of a capture that was deleted was moved to the tree of removed results.
    package static func removed(lab: String, file: String, place: String) -> Self {
        .init(
            .removed, "\(file): it was deleted; its result was moved to \(place)",
            [.lab: lab, .file: file, .state: CaptureState.ignored.rawValue, .output: place])
    }

    package static func retrying(lab: String, file: String, failure: CaptureFailure, attempt: Int, milliseconds: Int64)
        -> Self
    {
        .init(
            .retrying, at: .warning,
            "\(file): attempt \(attempt) failed: \(failure.message); tried again in \(Double(milliseconds) / 1000) s",
            [
                .lab: lab, .file: file, .state: CaptureState.pending.rawValue, .error: failure.code,
                .reason: failure.message, .attempt: String(attempt),
            ])
    }

    package static func ignored(lab: String, file: String, reason: String) -> Self {
        .init(
            .ignored, "\(file): left out: \(reason)",
            [.lab: lab, .file: file, .state: CaptureState.ignored.rawValue, .reason: reason])
    }

    /// `file` is nil for a process that had no capture.
    package static func workerLost(file: String?, reason: String) -> Self {
        .init(
            .workerLost, at: .warning,
            (file.map { "\($0): the process that worked on it" } ?? "a process that waited for a capture")
                + " \(reason); another takes its place", [.file: file, .reason: reason])
    }

    /// A process that no capture had yet.
    package static func preparingLost(profile: String, reason: String) -> Self {
        .init(
            .workerLost, at: .warning,
            "a process that prepared profile \(profile) \(reason); another takes its place",
            [.profile: profile, .reason: reason])
    }

    package static func waitsForMemory(lab: String, file: String, bytes: Int, budget: Int) -> Self {
        .init(
            .waitsForMemory,
            "\(file): \(PendingReason.memory(bytes, budget: budget)); others that fit are worked on meanwhile",
            [.lab: lab, .file: file, .state: CaptureState.pending.rawValue])
    }
}
