import Config

/// Which names of a root are captures: the built-in temporary names are out, then what `exclude` names, and of the rest
/// what `include` names is in.
public struct CaptureFilter: Sendable {
    private let include: [GlobPattern]
    private let exclude: [GlobPattern]
    private let isRecursive: Bool

    /// Endings under which programs write what is not finished yet.
    private static let temporaryEndings = [
        "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock",
    ].map { (text: $0, units: GlobText.units(Array($0.utf8))) }

    /// Directories in which storage systems and desktops keep thumbnails and what was deleted.
    private static let systemDirectories = [
        "@eadir", "#recycle", "$recycle.bin", "system volume information", "lost+found", "__macosx",
    ].map { (text: $0, units: GlobText.units(Array($0.utf8))) }

    /// Throws ``GlobError`` for the first pattern that cannot be read.
    public init(settings: WatchSettings) throws {
        include = try settings.include.map { try GlobPattern($0) }
        exclude = try settings.exclude.map { try GlobPattern($0) }
        isRecursive = settings.recursive
    }

    /// Why a file is not a capture, as a rule that can be shown; nil for a capture.
    public func ignoringRule(_ path: CapturePath) -> String? {
        let components = path.bytes.split(separator: UInt8(ascii: "/"))
        if !isRecursive, components.count > 1 { return "in a subdirectory (recursive = false)" }
        if let rule = Self.builtInRule(components) { return rule }
        if let pattern = exclude.first(where: { $0.matches(path) }) { return "exclude \"\(pattern.text)\"" }
        guard include.contains(where: { $0.matches(path) }) else { return "matches no include pattern" }
        return nil
    }

    private static func builtInRule(_ components: [ArraySlice<UInt8>]) -> String? {
        if components.contains(where: { $0.first == UInt8(ascii: ".") }) { return "built in: hidden name (.*)" }
        for component in components.dropLast() {
            let units = GlobText.units(Array(component))
            if let directory = systemDirectories.first(where: { $0.units == units }) {
                return "built in: system directory (\(directory.text))"
            }
        }
        guard let name = components.last else { return nil }
        if name.starts(with: "~$".utf8) { return "built in: temporary name (~$*)" }
        let units = GlobText.units(Array(name))
        return temporaryEndings.first { units.ends(with: $0.units) }.map { "built in: temporary name (*\($0.text))" }
    }
}

extension Array where Element: Equatable {
    fileprivate func ends(with suffix: [Element]) -> Bool {
        suffix.count <= count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
