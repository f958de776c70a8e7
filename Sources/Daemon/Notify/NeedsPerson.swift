import Foundation
import Jobs
import Ledger

/// Something that a person must see to, for nothing goes on there by itself: the one list for `nctd status --check` and for
/// the command of `[notify]`.
public struct NeedsPerson: Sendable, Equatable {
    /// What it is about, the same as long as it lasts: `lab-b`, `the output /srv/normalized`.
    public var what: String
    /// In words.
    public var text: String
    /// Seconds since 1970; nil where it is not known.
    public var since: Double?

    public init(what: String, text: String, since: Double? = nil) {
        (self.what, self.text, self.since) = (what, text, since)
    }

    /// What the ledger tells of it.
    ///
    /// - Parameter isRunning: whether the daemon is.
    public static func all(pauses: [PauseRow], roots: [RootRow], isRunning: Bool = true) -> [NeedsPerson] {
        let stopped = isRunning ? [] : [NeedsPerson(what: "the daemon", text: "the daemon is not running")]
        let paused = pauses.map {
            NeedsPerson(what: $0.what, text: "\($0.what) is paused: \($0.reason)", since: $0.since)
        }
        let unwell = roots.compactMap { root -> NeedsPerson? in
            // One that is paused is told of as such.
            guard root.isWatched, let reason = root.unhealthy,
                !pauses.contains(where: { $0.root == root.id })
            else { return nil }
            return NeedsPerson(
                what: "\(root.lab): \(root.path)", text: "\(root.lab) is not well: \(root.path): \(reason)")
        }
        return stopped + paused + unwell
    }
}
