import Foundation
import Jobs
import Ledger
import Watching

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
    public static func all(
        pauses: [PauseRow], roots: [RootRow], refused: RefusedReload? = nil, isRunning: Bool = true
    ) -> [NeedsPerson] {
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
        let unseen = roots.compactMap { root -> NeedsPerson? in
            // Of one that is away, nothing is known.
            guard root.isWatched, root.unhealthy == nil, let text = root.unreadable?.text(root: root.path)
            else { return nil }
            return NeedsPerson(what: "places in \(root.path)", text: "\(root.lab): \(text)")
        }
        // One that does not run has refused nothing.
        let configuration = refused.flatMap { isRunning ? $0 : nil }.map {
            NeedsPerson(
                what: "the configuration \($0.path)", text: $0.text,
                since: Timestamp.date($0.since)?.timeIntervalSince1970)
        }
        return stopped + paused + unwell + unseen + [configuration].compactMap { $0 }
    }
}

extension UnreadablePlaces {
    /// What could not be read, with the remedy; nil where all could.
    func text(root: String) -> String? {
        guard let place = first.first else { return nil }
        let name = place.path.isEmpty ? root : "\(root)/\(place.path)"
        let rest = count > 1 ? " and \((count - 1).counted("other place"))" : ""
        return "\(name)\(rest) cannot be read (\(place.reason)), so that what lies there is not seen; "
            + "let the daemon's account list and enter it, or leave it out by `exclude`"
    }
}
