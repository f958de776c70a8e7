import Config

/// Which names of a root are captures: the built-in names are out (``BuiltInExclusions``, unless `builtin_exclude` is off),
/// then what `exclude` names, and of the rest what `include` names is in.
public struct CaptureFilter: Sendable {
    private let include: [GlobPattern]
    private let exclude: [GlobPattern]
    private let isRecursive: Bool
    private let hasBuiltIn: Bool

    /// Throws ``GlobError`` for the first pattern that cannot be read.
    public init(settings: WatchSettings) throws {
        include = try settings.include.map { try GlobPattern($0) }
        exclude = try settings.exclude.map { try GlobPattern($0) }
        isRecursive = settings.recursive
        hasBuiltIn = settings.builtInExclude
    }

    /// Why a file is not a capture, as a rule that can be shown; nil for a capture.
    public func ignoringRule(_ path: CapturePath) -> String? {
        let components = path.bytes.split(separator: UInt8(ascii: "/"))
        if !isRecursive, components.count > 1 { return "in a subdirectory (recursive = false)" }
        if hasBuiltIn, let rule = Self.builtInRule(components) { return rule }
        if let pattern = exclude.first(where: { $0.matches(path) }) { return "exclude \"\(pattern.text)\"" }
        guard include.contains(where: { $0.matches(path) }) else { return "matches no include pattern" }
        return nil
    }

    private static func builtInRule(_ components: [ArraySlice<UInt8>]) -> String? {
        components.dropLast().lazy.compactMap { BuiltInExclusions.rule(ofDirectory: $0) }.first
            ?? components.last.flatMap { BuiltInExclusions.rule(ofFile: $0) }
    }
}
