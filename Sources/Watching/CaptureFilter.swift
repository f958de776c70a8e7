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

    /// Why no file in a folder is a capture, whatever its name; nil if one may be.
    public func ignoringRule(ofFolder path: CapturePath) -> String? {
        let components = path.bytes.split(separator: UInt8(ascii: "/"))
        if !isRecursive { return "in a subdirectory (recursive = false)" }
        // No name that a person or a program gives.
        let name = Array("\u{1}\u{2}\u{1}".utf8)
        guard let file = CapturePath(bytes: path.bytes + [UInt8(ascii: "/")] + name) else { return nil }
        if hasBuiltIn, let rule = Self.builtInRule(components + [ArraySlice(name)]) { return rule }
        return exclude.first { $0.matches(file) }.map { "exclude \"\($0.text)\"" }
    }

    private static func builtInRule(_ components: [ArraySlice<UInt8>]) -> String? {
        components.dropLast().lazy.compactMap { BuiltInExclusions.rule(ofDirectory: $0) }.first
            ?? components.last.flatMap { BuiltInExclusions.rule(ofFile: $0) }
    }
}
