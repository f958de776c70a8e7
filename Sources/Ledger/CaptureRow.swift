import Foundation
import GRDB
import Watching

/// A capture as the ledger knows it.
public struct CaptureRow: Sendable, Equatable, Identifiable {
    public var id: Int64
    public var root: Int64
    public var path: CapturePath
    public var state: CaptureState
    /// What the file looked like when it was last seen.
    public var stamp: FileStamp
    /// Which of the directories that its root has been the file was last known to be in (``Ledger/directory(of:)``).
    public var directory: Int64
    /// First seen, or seen again with other content; seconds since 1970.
    public var seenAt: Double
    /// Since when it has looked like that, on the monotonic clock.
    public var observedMilliseconds: Int64
    /// Not to be looked at before.
    public var dueMilliseconds: Int64
    public var inProgress: Bool
    /// Pending, but done as it is: it was asked for again.
    public var wasDone: Bool
    /// Attempts begun at this content.
    public var attempts: Int
    /// Attempts during which the daemon died.
    public var crashes: Int
    /// Workers that attempts at this content cost.
    public var workers: Int
    /// Pending, and waits for so much memory, bytes; nil for one that does not.
    public var memory: Int?
    /// Ignored: by which rule. Pending: what it waits for.
    public var note: String?
    public var digest: String?
    public var identity: String?
    public var profile: String?
    public var rule: String?
    public var verdict: String?
    public var delivery: String?
    /// The image of the result, below the output directory; reserved from the first attempt on.
    public var output: [UInt8]?
    public var failure: CaptureFailure?
    public var finishedAt: Double?
    public var durationMilliseconds: Double?
    /// From the first sight of it to its first result, seconds; nil where that is not known.
    public var waited: Double?
    /// What became of the colors, as the sidecar of the present result says it.
    public var treatment: String?
    /// The engine that made the present result; nil where it is not known.
    public var engine: String?

    /// Throws ``LedgerError`` with code `damaged` for a row whose path is invalid.
    init(_ row: Row) throws {
        id = row["id"]
        root = row["root"]
        let bytes: Data = row["path"]
        guard let stored = CapturePath(bytes: bytes) else {
            throw LedgerError(
                .damaged, "row \(id) has no valid path", path: Ledger.fileName,
                remedy: "stop the daemon, move the ledger away and start: it is rebuilt from the sidecars")
        }
        path = stored
        state = CaptureState(rawValue: row["state"]) ?? .pending
        stamp = FileStamp(ledgerRow: row)
        directory = row["directory"]
        seenAt = row["seen_at"]
        observedMilliseconds = row["observed_ms"]
        dueMilliseconds = row["due_ms"]
        inProgress = row["in_progress"]
        wasDone = row["was_done"]
        attempts = row["attempts"]
        crashes = row["crashes"]
        workers = row["workers"]
        memory = row["memory"]
        note = row["note"]
        digest = row["digest"]
        identity = row["identity"]
        profile = row["profile"]
        rule = row["rule"]
        verdict = row["verdict"]
        delivery = row["delivery"]
        output = (row["output"] as Data?).map { Array($0) }
        if let code: String = row["error_code"] {
            failure = CaptureFailure(code: code, message: row["error_message"] ?? "", remedy: row["error_remedy"] ?? "")
        }
        finishedAt = row["finished_at"]
        durationMilliseconds = row["duration_ms"]
        waited = row["waited"]
        treatment = row["treatment"]
        engine = row["engine"]
    }
}

/// Why an attempt failed.
public struct CaptureFailure: Sendable, Equatable, Codable {
    /// One word for scripts: `truncated`, `incomplete`, `crashed`, …
    public var code: String
    /// What failed and why, no trailing period.
    public var message: String
    public var remedy: String

    /// `message; remedy`.
    public var text: String { "\(message); \(remedy)" }

    public init(code: String, message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}

/// What was committed for a capture.
public struct ResultRow: Sendable, Equatable {
    /// N where it was kept aside as version N; nil for the current one.
    public var version: Int?
    public var digest: String
    public var identity: String
    public var profile: String
    public var verdict: String
    public var delivery: String
    /// Below the output directory.
    public var output: [UInt8]
    public var attempt: Int
    public var durationMilliseconds: Double?
    public var finishedAt: Double
    /// What became of the colors, as the sidecar says it. Kept with the capture, so nil where results are listed.
    public var treatment: String?
    /// The engine that made it; kept as the treatment is.
    public var engine: String?
    /// When its files were removed, seconds since 1970; nil for one that is there.
    public var removedAt: Double?
    /// SHA-256 of its sidecar's bytes; nil where it is not known, as it is not of older versions.
    public var sidecar: String?

    public init(
        version: Int? = nil, digest: String, identity: String, profile: String, verdict: String, delivery: String,
        output: [UInt8], attempt: Int, durationMilliseconds: Double?, finishedAt: Double, treatment: String? = nil,
        engine: String? = nil
    ) {
        self.version = version
        self.digest = digest
        self.identity = identity
        self.profile = profile
        self.verdict = verdict
        self.delivery = delivery
        self.output = output
        self.attempt = attempt
        self.durationMilliseconds = durationMilliseconds
        self.finishedAt = finishedAt
        self.treatment = treatment
        self.engine = engine
    }

    init(_ row: Row) {
        let bytes: Data = row["output"]
        self.init(
            version: row["version"], digest: row["digest"], identity: row["identity"], profile: row["profile"],
            verdict: row["verdict"], delivery: row["delivery"], output: Array(bytes), attempt: row["attempt"],
            durationMilliseconds: row["duration_ms"], finishedAt: row["finished_at"])
        removedAt = row["removed_at"]
        sidecar = row["sidecar"]
    }
}

extension FileStamp {
    init(ledgerRow row: Row) {
        self.init(
            device: UInt64(bitPattern: row["device"] as Int64), inode: UInt64(bitPattern: row["inode"] as Int64),
            size: row["size"], modifiedNanoseconds: row["modified"], changedNanoseconds: row["changed"])
    }
}
