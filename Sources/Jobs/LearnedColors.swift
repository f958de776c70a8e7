import Config
import NCTEngine

/// A palette that was learned of the lab that captures come from, and its file.
public struct LearnedPalette: Sendable, Equatable {
    public var palette: LabPalette
    public var path: String
    public var sha256: String

    public init(palette: LabPalette, path: String, sha256: String) {
        (self.palette, self.path, self.sha256) = (palette, path, sha256)
    }
}

/// What was learned of the lab that captures come from, and of its microscope.
public struct LearnedColors: Sendable, Equatable {
    public var palette: LearnedPalette?
    /// One for each proportions of captures.
    public var lights: [KnownLight] = []

    public init(palette: LearnedPalette? = nil, lights: [KnownLight] = []) {
        (self.palette, self.lights) = (palette, lights)
    }

    public var isEmpty: Bool { palette == nil && lights.isEmpty }
}

extension PreparedEngine {
    /// The same engine for captures of the lab that something was learned of; what the profile names itself comes first.
    public func with(_ learned: LearnedColors) -> PreparedEngine {
        var engine = self
        if let palette = learned.palette, takesPalette {
            engine.normalizer = normalizer.with(captures: palette.palette)
            engine.palettes?.captures = Sidecar.Palette(
                origin: .learned, path: palette.path, sha256: palette.sha256, images: palette.palette.images)
        }
        if !learned.lights.isEmpty, profile.learnsLight { engine.light = .learned(learned.lights) }
        return engine
    }
}
