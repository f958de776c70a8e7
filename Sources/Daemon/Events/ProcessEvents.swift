import Ledger

/// Of the process itself, its configuration, its ledger and its house.
extension DaemonEvent {
    package static func started(version: String, processID: Int32, configuration: String) -> Self {
        .init(.started, "nctd \(version) started as process \(processID) with \(configuration)")
    }

    package static func ready(pending: Int) -> Self {
        .init(.ready, "all roots are scanned; \(pending.counted("capture is", "captures are")) pending")
    }

    package static var stopping: Self { .init(.stopping, "stopping: what is under way is finished or given back") }

    package static func stopped(finished: Int, givenBack: Int) -> Self {
        .init(
            .stopped,
            "stopped; \(finished.counted("capture under way was", "captures under way were")) finished, \(givenBack) given back"
        )
    }

    package static var testEngine: Self {
        .init(.testEngine, at: .warning, "NCTD_TEST_ENGINE=copy: results are copies, made for a test")
    }

    package static func attemptsDied(count: Int) -> Self {
        .init(
            .attemptsDied, at: .warning,
            "an earlier process died during \(count.counted("attempt")); what was in work is taken up again")
    }

    /// Nothing moves any more; the service manager is no longer told that all is well.
    package static func stalled(what: String, seconds: Int64) -> Self {
        .init(
            .stalled, at: .error, "\(what) has made no progress for \(seconds) s; the watchdog is no longer fed",
            [.reason: what, .durationMilliseconds: String(seconds * 1000)])
    }

    package static func trouble(_ text: String) -> Self { .init(.trouble, at: .error, text) }

    // MARK: The configuration

    /// A profile that has other settings after a reload.
    public struct ChangedProfile: Sendable, Equatable {
        public var name: String
        /// Files that it names and that hold something else now, such as its references.
        public var files: [String]
        /// Results that were made with the one before.
        public var results: Int

        public init(name: String, files: [String] = [], results: Int) {
            self.name = name
            self.files = files
            self.results = results
        }

        var text: String {
            let command = "nctd reprocess --profile \(name)"
            let places = files.isEmpty ? "" : " (\(files.joined(separator: ", ")))"
            return "profile \(name) has changed\(places)"
                + (results > 0
                    ? ": \(results.counted("result was", "results were")) made with the old one, \(command) makes them again"
                    : "")
        }
    }

    package static func reloaded(added: Int, removed: Int, changed: Int, profiles: [ChangedProfile]) -> Self {
        .init(
            .reloaded,
            (["configuration reloaded: \(added.counted("root")) added, \(removed) removed, \(changed) changed"]
                + profiles.map(\.text)).joined(separator: "; "))
    }

    package static func reloadRefused(problems: [String]) -> Self {
        .init(
            .reloadRefused, at: .error,
            "configuration not reloaded, the old one stays: " + problems.joined(separator: " | "),
            [.reason: problems.joined(separator: "\n")])
    }

    /// `features` is nil for a method that uses none.
    package static func profilePrepared(profile: String, features: String?, notices: [String]) -> Self {
        .init(
            .profilePrepared, at: notices.isEmpty ? .info : .warning,
            (["profile \(profile) is prepared" + (features.map { ", features from \($0)" } ?? "")] + notices)
                .joined(separator: "; "), [.profile: profile])
    }

    /// Its captures wait; `what` names it among the pauses.
    package static func profileUnusable(profile: String, what: String, reason: String) -> Self {
        .init(
            .profileUnusable, at: .error,
            "profile \(profile) cannot be used: \(reason); its captures wait, and it is tried again by itself",
            [.profile: profile, .place: what, .reason: reason])
    }

    // MARK: The ledger

    package static func ledgerSetAside(path: String, reason: String) -> Self {
        .init(
            .ledgerSetAside, at: .error, "the ledger is damaged (\(reason)); it was set aside as \(path)",
            [.reason: reason]
        )
    }

    /// `copies` are sidecars that lie elsewhere than they say; `copy` is one of them. `moved` are trees that have another
    /// path than their sidecars say, with that.
    package static func ledgerRebuilt(
        captures: Int, copies: Int, copy: String?, moved: [String: String] = [:]
    ) -> Self {
        let left = copy.map {
            "; \(copies.counted("copy of a result", "copies of results")) elsewhere in the trees left alone, such as \($0)"
        }
        return .init(
            .ledgerRebuilt,
            "the ledger was rebuilt from the sidecars of \(captures.counted("capture"))" + (left ?? "")
                + moved.sorted { $0.key < $1.key }.map { "; \($0.key) is \($0.value) now, where its captures lie" }
                .joined())
    }

    /// The ledger is of no more use to this process, which ends.
    /// `next` is what the next start does.
    package static func ledgerLost(path: String, reason: String, next: String) -> Self {
        .init(
            .ledgerLost, at: .critical,
            "the ledger \(path) cannot be used any more (\(reason)); the daemon ends, and its next start \(next)",
            [.reason: "\(path): \(reason)"])
    }

    package static func forgotten(count: Int) -> Self {
        .init(.forgotten, "\(count.counted("capture")) of long ago whose files are gone forgotten")
    }

    // MARK: The house

    package static func heldMoved(count: Int, directory: String) -> Self {
        .init(.heldMoved, "\(count.counted("result")) that version 0.7 held back moved to \(directory)")
    }

    /// `bytes` are free now; `reason` is the key that says so.
    package static func versionRemoved(lab: String, output: String, bytes: Int64, reason: String) -> Self {
        .init(
            .versionRemoved, "\(output): an older version, removed (\(reason), \(bytes >> 10) KiB)",
            [.lab: lab, .output: output, .reason: reason])
    }

    /// `subject` is what was told, in words.
    package static func notified(subject: String, command: String) -> Self {
        .init(.notified, "sent by \(command): \(subject)", [.reason: subject])
    }

    package static func notifyFailed(command: String, reason: String) -> Self {
        .init(
            .notifyFailed, at: .warning,
            "\(command), which tells of what needs a person, failed: \(reason); it is tried again", [.reason: reason])
    }
}
