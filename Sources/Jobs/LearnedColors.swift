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

extension PreparedEngine {
    /// The same engine for captures of the lab that a palette was learned of; what the profile names itself comes first.
    public func with(_ learned: LearnedPalette) -> PreparedEngine {
        guard profile.learnsPalette, palettes != nil else { return self }
        var engine = self
        engine.normalizer = normalizer.with(captures: learned.palette)
        engine.palettes?.captures = Sidecar.Palette(
            origin: .learned, path: learned.path, sha256: learned.sha256, images: learned.palette.images)
        return engine
    }
}
