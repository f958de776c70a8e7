import Foundation

/// The steps of a capture between "seen" and "committed". A test makes the process die at one of them
/// (`NCTD_FAILPOINT=NAME:N` kills it with SIGKILL at the N-th pass), and what it finds after a restart must hold.
public enum FailPoint: String, Sendable, CaseIterable {
    case afterSeen, beforeAttempt, afterAttempt, afterDecoding, afterNormalization, afterImageTemporary,
        afterImageRename
    case afterSidecarTemporary, afterSidecarRename, beforeDone, afterDone
}
