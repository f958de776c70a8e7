import Foundation
import Ledger
import Logging

/// What the daemon says of its work: one case for each kind of event, so that the journal can be searched by it.
public enum DaemonEvent: Sendable, Equatable {
    case started(version: String, processID: Int32, configuration: String)
    case ready(pending: Int)
    case stopping
    case stopped(finished: Int, givenBack: Int)
    case testEngine
    case attemptsDied(count: Int)
    case ledgerSetAside(path: String, reason: String)
    /// `copies` are sidecars that lie elsewhere than they say; `copy` is one of them.
    case ledgerRebuilt(captures: Int, copies: Int, copy: String?)
    /// The ledger is of no more use to this process, which ends.
    case ledgerLost(reason: String, isDamaged: Bool)
    case heldMoved(count: Int, directory: String)
    case rootWatched(lab: String, root: String)
    case rootLeft(lab: String, root: String)
    case rootHealthy(lab: String, root: String)
    case rootUnhealthy(lab: String, root: String, reason: String)
    case rootFallsBack(lab: String, root: String, reason: String)
    case rootFailed(lab: String, root: String, reason: String)
    case overflow(lab: String, root: String)
    case unreadable(lab: String, root: String, path: String, reason: String)
    case scanned(lab: String, root: String, files: Int)
    case seen(lab: String, root: String, added: Int, changed: Int, ignored: Int)
    /// `features` is nil for a method that uses none.
    case profilePrepared(profile: String, features: String?, notices: [String])
    case profileUnusable(profile: String, reason: String)
    case done(Finished)
    case failed(lab: String, file: String, failure: CaptureFailure, attempts: Int)
    case learned(Learned)
    /// What was learned before still holds; `change` is the largest there was.
    case learnedStands(lab: String, profile: String, captures: Int, change: String?)
    case learningFailed(lab: String, profile: String, reason: String)
    case learnedLost(lab: String, profile: String, path: String, reason: String)
    case retrying(lab: String, file: String, failure: CaptureFailure, attempt: Int, milliseconds: Int64)
    case ignored(lab: String, file: String, reason: String)
    /// `file` is nil for one that had no capture.
    case workerLost(file: String?, reason: String)
    case paused(reason: String)
    case resumed
    case reloaded(added: Int, removed: Int, changed: Int)
    case reloadRefused(problems: [String])
    /// Nothing moves any more; the service manager is no longer told that all is well.
    case stalled(what: String, seconds: Int64)
    case forgotten(count: Int)
    case trouble(String)

    /// A palette or light that was learned from a lab's captures and is in force.
    public struct Learned: Sendable, Equatable {
        public var lab: String
        public enum What: String, Sendable { case palette, light }

        public var profile: String
        public var what: What
        public var path: String
        public var sha256: String
        public var captures: Int
        /// What else is to be said of it.
        public var details: String
        /// How far it had moved from the one before it; nil for the first.
        public var change: String?
    }

    /// A capture that was committed.
    public struct Finished: Sendable, Equatable {
        public enum How: String, Sendable {
            case normalized, duplicate
            /// It was committed before the process died, and only the ledger did not know.
            case recovered
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

        public init(
            lab: String, profile: String, file: String, sha256: String, output: String, verdict: String,
            delivery: String, how: How, version: Int?, milliseconds: Double
        ) {
            self.lab = lab
            self.profile = profile
            self.file = file
            self.sha256 = sha256
            self.output = output
            self.verdict = verdict
            self.delivery = delivery
            self.how = how
            self.version = version
            self.milliseconds = milliseconds
        }
    }
}

extension DaemonEvent {
    /// The kind's name, stable across versions.
    public var kind: String { sort.rawValue }

    public var sort: Kind {
        switch self {
        case .started: .started
        case .ready: .ready
        case .stopping: .stopping
        case .stopped: .stopped
        case .testEngine: .testEngine
        case .attemptsDied: .attemptsDied
        case .ledgerSetAside: .ledgerSetAside
        case .ledgerRebuilt: .ledgerRebuilt
        case .ledgerLost: .ledgerLost
        case .heldMoved: .heldMoved
        case .rootWatched: .rootWatched
        case .rootLeft: .rootLeft
        case .rootHealthy: .rootHealthy
        case .rootUnhealthy: .rootUnhealthy
        case .rootFallsBack: .rootFallsBack
        case .rootFailed: .rootFailed
        case .overflow: .overflow
        case .unreadable: .unreadable
        case .scanned: .scanned
        case .seen: .seen
        case .profilePrepared: .profilePrepared
        case .profileUnusable: .profileUnusable
        case .done: .done
        case .failed: .failed
        case .learned: .learned
        case .learnedStands: .learnedStands
        case .learningFailed: .learningFailed
        case .learnedLost: .learnedLost
        case .retrying: .retrying
        case .ignored: .ignored
        case .workerLost: .workerLost
        case .paused: .paused
        case .resumed: .resumed
        case .reloaded: .reloaded
        case .reloadRefused: .reloadRefused
        case .stalled: .stalled
        case .forgotten: .forgotten
        case .trouble: .trouble
        }
    }

    public var level: Logger.Level {
        switch self {
        case .seen, .scanned: .debug
        case .done(let finished) where finished.delivery != "delivered": .warning
        case .ledgerLost: .critical
        // What a person must see to: work stands still, or will.
        case .ledgerSetAside, .rootUnhealthy, .rootFailed, .paused, .reloadRefused, .profileUnusable, .stalled,
            .trouble:
            .error
        // One capture, or something that the daemon gets over by itself.
        case .learningFailed, .learnedLost, .failed, .rootFallsBack, .overflow, .unreadable, .retrying, .workerLost,
            .attemptsDied, .testEngine:
            .warning
        case .profilePrepared(_, _, let notices) where !notices.isEmpty: .warning
        default: .info
        }
    }

    public var message: String {
        switch self {
        case .started(let version, let processID, let configuration):
            "nctd \(version) started as process \(processID) with \(configuration)"
        case .ready(let pending): "all roots are scanned; \(pending) captures are pending"
        case .stopping: "stopping: what is under way is finished or given back"
        case .stopped(let finished, let givenBack):
            "stopped; \(finished) captures under way were finished, \(givenBack) given back"
        case .testEngine: "NCTD_TEST_ENGINE=copy: results are copies, made for a test"
        case .attemptsDied(let count): "an earlier process died during \(count) attempts; they are taken up again"
        case .ledgerSetAside(let path, let reason): "the ledger is damaged (\(reason)); it was set aside as \(path)"
        case .ledgerRebuilt(let captures, let copies, let copy):
            "the ledger was rebuilt from the sidecars of \(captures) captures"
                + (copy.map { "; \(copies) copies of results elsewhere in the trees are left alone, such as \($0)" }
                    ?? "")
        case .ledgerLost(let reason, let isDamaged):
            "the ledger cannot be used any more (\(reason)); the daemon ends, and "
                + (isDamaged
                    ? "its next start sets the ledger aside and rebuilds it from the sidecars"
                    : "its next start opens the ledger anew; if that fails as well, check the state directory's disk")
        case .heldMoved(let count, let directory):
            "\(count) results that version 0.7 held back were moved to \(directory)"
        case .rootWatched(_, let root): "\(root) is watched"
        case .rootLeft(_, let root): "\(root) is no longer watched"
        case .rootHealthy(_, let root): "\(root) is there"
        case .rootUnhealthy(_, let root, let reason):
            "\(root) is not what it was: \(reason); nothing is concluded about its files until it is back"
        case .rootFallsBack(_, let root, let reason): "\(root) is scanned from now on: \(reason)"
        case .rootFailed(_, let root, let reason): "\(root) cannot be watched: \(reason); it is tried again"
        case .overflow(_, let root): "\(root): events were lost; the root is scanned"
        case .unreadable(_, _, let path, let reason):
            "\(path) cannot be read: \(reason); what lies there is unknown, not gone"
        case .scanned(_, let root, let files): "\(root): scanned, \(files) files"
        case .seen(_, let root, let added, let changed, let ignored):
            "\(root): \(added) new, \(changed) changed, \(ignored) left out"
        case .profilePrepared(let profile, let features, let notices):
            (["profile \(profile) is prepared" + (features.map { ", features from \($0)" } ?? "")] + notices)
                .joined(separator: "; ")
        case .profileUnusable(let profile, let reason): "profile \(profile) cannot be used: \(reason)"
        case .done(let finished):
            "\(finished.file): \(finished.how.rawValue), \(finished.verdict), \(finished.delivery) as \(finished.output)"
        case .failed(_, let file, let failure, let attempts):
            "\(file): quarantined after \(attempts == 1 ? "one attempt" : "\(attempts) attempts"): \(failure.message); \(failure.remedy)"
        case .learned(let learned):
            "the \(learned.what.rawValue) of \(learned.lab) for profile \(learned.profile) is learned from "
                + "\(learned.captures) captures: \(learned.details)"
                + (learned.change.map { "; it has moved (\($0))" } ?? "")
                + "; captures go by \(learned.path) from now on"
        case .learnedStands(let lab, let profile, let captures, let change):
            "what was learned of \(lab) for profile \(profile) stands: \(captures) captures show the same"
                + (change.map { " (at most \($0))" } ?? "")
        case .learningFailed(let lab, let profile, let reason):
            "the colors of \(lab) for profile \(profile) could not be learned: \(reason); tried again after further "
                + "captures, which go by what was known"
        case .learnedLost(let lab, let profile, let path, let reason):
            "what was learned of \(lab) for profile \(profile) is lost (\(path): \(reason)); it is learned anew"
        case .retrying(_, let file, let failure, let attempt, let milliseconds):
            "\(file): attempt \(attempt) failed: \(failure.message); tried again in \(Double(milliseconds) / 1000) s"
        case .ignored(_, let file, let reason): "\(file): left out: \(reason)"
        case .workerLost(let file, let reason):
            (file.map { "\($0): the process that worked on it" } ?? "a process that waited for a capture")
                + " \(reason); another takes its place"
        case .paused(let reason): "paused: \(reason); goes on by itself"
        case .resumed: "goes on"
        case .reloaded(let added, let removed, let changed):
            "configuration reloaded: \(added) roots added, \(removed) removed, \(changed) changed"
        case .reloadRefused(let problems):
            "configuration not reloaded, the old one stays: " + problems.joined(separator: " | ")
        case .stalled(let what, let seconds):
            "\(what) has not gone on for \(seconds) s; the watchdog is no longer fed"
        case .forgotten(let count): "\(count) captures of long ago whose files are gone were forgotten"
        case .trouble(let text): text
        }
    }

    /// Fields for the journal, without those that every entry has.
    public var fields: [(name: String, value: String)] {
        var fields: [(String, String)] = []
        func add(_ name: String, _ value: String) { fields.append((name, value)) }
        switch self {
        case .done(let finished):
            add("NCT_LAB", finished.lab)
            add("NCT_PROFILE", finished.profile)
            add("NCT_FILE", finished.file)
            add("NCT_SHA256", finished.sha256)
            add("NCT_STATE", CaptureState.done.rawValue)
            add("NCT_VERDICT", finished.verdict)
            add("NCT_OUTPUT", finished.output)
            if let version = finished.version { add("NCT_VERSION", String(version)) }
            add("NCT_DURATION_MS", String(Int(finished.milliseconds.rounded())))
        case .failed(let lab, let file, let failure, let attempts):
            add("NCT_LAB", lab)
            add("NCT_FILE", file)
            add("NCT_STATE", CaptureState.failed.rawValue)
            add("NCT_ERROR", failure.code)
            add("NCT_REASON", failure.message)
            add("NCT_REMEDY", failure.remedy)
            add("NCT_ATTEMPT", String(attempts))
        case .learned(let learned):
            add("NCT_LAB", learned.lab)
            add("NCT_PROFILE", learned.profile)
            add("NCT_FILE", learned.path)
            add("NCT_SHA256", learned.sha256)
        case .learnedStands(let lab, let profile, _, _):
            add("NCT_LAB", lab)
            add("NCT_PROFILE", profile)
        case .learningFailed(let lab, let profile, let reason):
            add("NCT_LAB", lab)
            add("NCT_PROFILE", profile)
            add("NCT_REASON", reason)
        case .learnedLost(let lab, let profile, let path, let reason):
            add("NCT_LAB", lab)
            add("NCT_PROFILE", profile)
            add("NCT_FILE", path)
            add("NCT_REASON", reason)
        case .retrying(let lab, let file, let failure, let attempt, _):
            add("NCT_LAB", lab)
            add("NCT_FILE", file)
            add("NCT_STATE", CaptureState.pending.rawValue)
            add("NCT_ERROR", failure.code)
            add("NCT_REASON", failure.message)
            add("NCT_ATTEMPT", String(attempt))
        case .ignored(let lab, let file, let reason):
            add("NCT_LAB", lab)
            add("NCT_FILE", file)
            add("NCT_STATE", CaptureState.ignored.rawValue)
            add("NCT_REASON", reason)
        case .workerLost(let file, let reason):
            if let file { add("NCT_FILE", file) }
            add("NCT_REASON", reason)
        case .rootWatched(let lab, let root), .rootLeft(let lab, let root), .rootHealthy(let lab, let root),
            .overflow(let lab, let root), .scanned(let lab, let root, _), .seen(let lab, let root, _, _, _):
            add("NCT_LAB", lab)
            add("NCT_ROOT", root)
        case .rootUnhealthy(let lab, let root, let reason), .rootFallsBack(let lab, let root, let reason),
            .rootFailed(let lab, let root, let reason):
            add("NCT_LAB", lab)
            add("NCT_ROOT", root)
            add("NCT_REASON", reason)
        case .unreadable(let lab, let root, let path, let reason):
            add("NCT_LAB", lab)
            add("NCT_ROOT", root)
            add("NCT_FILE", path)
            add("NCT_REASON", reason)
        case .profilePrepared(let profile, _, _): add("NCT_PROFILE", profile)
        case .profileUnusable(let profile, let reason):
            add("NCT_PROFILE", profile)
            add("NCT_REASON", reason)
        case .paused(let reason), .ledgerSetAside(_, let reason), .ledgerLost(let reason, _): add("NCT_REASON", reason)
        case .reloadRefused(let problems): add("NCT_REASON", problems.joined(separator: "\n"))
        case .stalled(let what, let seconds):
            add("NCT_REASON", what)
            add("NCT_DURATION_MS", String(seconds * 1000))
        case .started, .ready, .stopping, .stopped, .testEngine, .attemptsDied, .ledgerRebuilt, .heldMoved, .resumed,
            .reloaded,
            .forgotten, .trouble:
            break
        }
        return fields
    }
}
