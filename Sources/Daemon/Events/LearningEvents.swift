/// Of what is learned from a lab's captures.
extension DaemonEvent {
    /// A palette or light that was learned and is in force.
    public struct Learned: Sendable, Equatable {
        public enum What: String, Sendable { case palette, light }

        public var lab: String
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

    package static func learned(_ learned: Learned) -> Self {
        .init(
            .learned,
            "the \(learned.what.rawValue) of \(learned.lab) for profile \(learned.profile) is learned from "
                + "\(learned.captures.counted("capture")): \(learned.details)"
                + (learned.change.map { "; it has moved (\($0))" } ?? "")
                + "; captures use \(learned.path) from now on",
            [.lab: learned.lab, .profile: learned.profile, .file: learned.path, .sha256: learned.sha256])
    }

    /// What was learned before still holds; `change` is the largest there was.
    package static func learnedStands(lab: String, profile: String, captures: Int, change: String?) -> Self {
        .init(
            .learnedStands,
            "what was learned of \(lab) for profile \(profile) stands: \(captures.counted("capture shows", "captures show")) the same"
                + (change.map { " (at most \($0))" } ?? ""), [.lab: lab, .profile: profile])
    }

    package static func learningFailed(lab: String, profile: String, reason: String) -> Self {
        .init(
            .learningFailed, at: .warning,
            "the light or the colors of \(lab) for profile \(profile) could not be learned: \(reason); tried again after further "
                + "captures, which go by what was known", [.lab: lab, .profile: profile, .reason: reason])
    }

    package static func learnedLost(lab: String, profile: String, path: String, reason: String) -> Self {
        .init(
            .learnedLost, at: .warning,
            "what was learned of \(lab) for profile \(profile) is lost (\(path): \(reason)); it is learned again",
            [.lab: lab, .profile: profile, .file: path, .reason: reason])
    }
}
