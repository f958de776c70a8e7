/// Tells when a file has been quiet long enough, and when patience with one that never completes is at its end.
///
/// A value that knows no clock and no file: it is given what was seen and when, by a monotonic clock. The file's own
/// times are only ever compared with each other, so that neither a clock that steps nor a share whose clock is wrong
/// matters.
public struct SettleTracker: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// Look again then.
        case settling(until: ContinuousClock.Instant)
        /// Unchanged for the settle time.
        case quiet
    }

    public enum Patience: Sendable, Equatable {
        /// Look again then.
        case wait(until: ContinuousClock.Instant)
        /// Quiet and incomplete for the whole of the patience.
        case exhausted
    }

    private let settle: Duration
    private let patience: Duration
    private var stamp: FileStamp
    private var changed: ContinuousClock.Instant

    /// - Parameter instant: when the file was first seen with this stamp.
    public init(settle: Duration, patience: Duration, stamp: FileStamp, at instant: ContinuousClock.Instant) {
        self.settle = settle
        self.patience = patience
        self.stamp = stamp
        changed = instant
    }

    /// Takes what the file looks like now. A time before the last one counts as that one.
    public mutating func observe(_ stamp: FileStamp, at instant: ContinuousClock.Instant) -> Verdict {
        if stamp != self.stamp {
            self.stamp = stamp
            changed = max(changed, instant)
        }
        return instant - changed >= settle ? .quiet : .settling(until: changed + settle)
    }

    /// What to do with a file that is quiet but that its format says is incomplete. Looks ever less often, at least
    /// every eighth of the patience.
    public func incomplete(at instant: ContinuousClock.Instant) -> Patience {
        let quiet = instant - changed
        guard quiet < patience else { return .exhausted }
        let pause = min(max(settle, quiet / 2, .milliseconds(100)), max(patience / 8, settle))
        return .wait(until: min(instant + pause, changed + max(patience, settle)))
    }
}
