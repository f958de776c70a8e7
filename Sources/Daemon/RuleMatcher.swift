import Config
import ImageFiles
import Watching

/// Which profile a capture belongs to: the first rule of its root whose conditions all hold, else the root's default.
public struct RuleMatcher: Sendable {
    public struct Match: Sendable, Equatable {
        public var profile: String
        /// The rule's name; nil for the root's default.
        public var rule: String?

        public init(profile: String, rule: String?) {
            self.profile = profile
            self.rule = rule
        }
    }

    private struct Compiled: Sendable {
        var rule: WatchSettings.Rule
        var path: GlobPattern?
        var metadata: [(pattern: GlobPattern, value: @Sendable (ImageMetadata) -> String?)]
    }

    private let rules: [Compiled]
    private let fallback: String?

    /// Throws if a text is not a valid pattern.
    public init(_ settings: WatchSettings) throws {
        fallback = settings.profile
        rules = try settings.rules.map { rule in
            var metadata: [(GlobPattern, @Sendable (ImageMetadata) -> String?)] = []
            if let make = rule.make { metadata.append((try GlobPattern(make), { $0.make })) }
            if let model = rule.model { metadata.append((try GlobPattern(model), { $0.model })) }
            if let objective = rule.objective { metadata.append((try GlobPattern(objective), { $0.objective })) }
            if let software = rule.software { metadata.append((try GlobPattern(software), { $0.software })) }
            return Compiled(rule: rule, path: try rule.pathPattern.map { try GlobPattern($0) }, metadata: metadata)
        }
    }

    /// True if some rule asks what the image's file says about its instrument.
    public var needsMetadata: Bool { rules.contains { !$0.metadata.isEmpty } }

    /// Nil where no rule matches and the root has no default.
    public func match(_ path: CapturePath, metadata: ImageMetadata?) -> Match? {
        for compiled in rules {
            if let pattern = compiled.path, !pattern.matches(path.file) { continue }
            let holds = compiled.metadata.allSatisfy { condition in
                metadata.flatMap(condition.value).map { condition.pattern.matches(text: $0) } ?? false
            }
            if holds { return Match(profile: compiled.rule.profile, rule: compiled.rule.name) }
        }
        return fallback.map { Match(profile: $0, rule: nil) }
    }

    /// What decides which captures are matched, so that a change is noticed.
    public static func digestText(_ settings: WatchSettings) -> String {
        "\(settings.rules) default: \(settings.profile ?? "none")"
    }
}
