/// Of watched roots, and of trees and the machine where they keep work from going on.
extension DaemonEvent {
    package static func rootWatched(lab: String, root: String) -> Self {
        .init(.rootWatched, "\(root) is watched", [.lab: lab, .root: root])
    }

    package static func rootLeft(lab: String, root: String) -> Self {
        .init(.rootLeft, "\(root) is no longer watched", [.lab: lab, .root: root])
    }

    package static func rootHealthy(lab: String, root: String) -> Self {
        .init(.rootHealthy, "\(root) is there", [.lab: lab, .root: root])
    }

    package static func rootUnhealthy(lab: String, root: String, reason: String) -> Self {
        .init(
            .rootUnhealthy, at: .error,
            "\(root) is not well: \(reason); nothing is concluded about its files until it is back",
            [.lab: lab, .root: root, .reason: reason])
    }

    package static func rootFallsBack(lab: String, root: String, reason: String) -> Self {
        .init(
            .rootFallsBack, at: .warning, "\(root) is scanned from now on: \(reason)",
            [.lab: lab, .root: root, .reason: reason])
    }

    package static func rootRenumbered(lab: String, root: String) -> Self {
        .init(
            .rootRenumbered, at: .warning,
            "\(root): files have another number at every look; they are compared by size and times alone",
            [.lab: lab, .root: root])
    }

    package static func rootFailed(lab: String, root: String, reason: String) -> Self {
        .init(
            .rootFailed, at: .error, "\(root) cannot be watched: \(reason); it is tried again",
            [.lab: lab, .root: root, .reason: reason])
    }

    package static func overflow(lab: String, root: String) -> Self {
        .init(.overflow, at: .warning, "\(root): events were lost; the root is scanned", [.lab: lab, .root: root])
    }

    package static func unreadable(lab: String, root: String, path: String, reason: String) -> Self {
        .init(
            .unreadable, at: .warning, "\(path) cannot be read: \(reason); what lies there is unknown, not gone",
            [.lab: lab, .root: root, .file: path, .reason: reason])
    }

    package static func scanned(lab: String, root: String, files: Int) -> Self {
        .init(.scanned, at: .debug, "\(root): scanned, \(files.counted("file"))", [.lab: lab, .root: root])
    }

    package static func seen(lab: String, root: String, added: Int, changed: Int, ignored: Int) -> Self {
        .init(
            .seen, at: .debug, "\(root): \(added) new, \(changed) changed, \(ignored) left out",
            [.lab: lab, .root: root])
    }

    /// `what` is a tree, a root or the machine.
    package static func paused(what: String, reason: String) -> Self {
        .init(
            .paused, at: .error, "\(what) is paused: \(reason); it resumes by itself", [.place: what, .reason: reason])
    }

    package static func resumed(what: String) -> Self { .init(.resumed, "\(what) has resumed", [.place: what]) }
}
