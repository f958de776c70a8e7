import Config
import Foundation
import ImageFiles
import NCTEngine

/// Files of labs' palettes, and what a sidecar says of the palettes that served.
public enum PaletteFile {
    /// A palette is a few thousand bytes; what is larger is something else.
    private static let limit = 1 << 20

    /// Reads a palette.
    ///
    /// Throws ``JobFailure`` naming the file.
    public static func read(path: String) throws -> (palette: LabPalette, sha256: String) {
        do {
            let bytes = try InputFile.read(path: path, limits: ImageLimits(maximumBytes: limit))
            return (try LabPalette(decoding: bytes), FileDigest.sha256(bytes))
        } catch let error as ImageFileError where error.code == .tooLarge {
            throw JobFailure(
                file: path, cause: "is too large for a palette", remedy: "make one with `nctd profile learn`")
        } catch {
            throw JobFailure(error, file: path)
        }
    }

    /// Writes a palette whole or not at all.
    public static func write(_ palette: LabPalette, to path: String, overwrite: Bool) throws {
        try OutputFile.write(palette.encoded(), to: path, overwrite: overwrite)
    }

    /// The palettes that a profile's method goes by, and what a sidecar says of them; of a method that goes by none,
    /// nothing.
    ///
    /// - Parameter learned: of the captures at hand.
    static func palettes(
        of profile: Profile, learned: LabPalette?
    ) throws -> (palettes: LabPalettes, described: Sidecar.Palettes?) {
        guard profile.method.usesPalettes, profile.parameters.aligns || profile.method != .colorTransfer else {
            return (LabPalettes(), nil)
        }
        func named(_ path: String?) throws -> (palette: LabPalette, described: Sidecar.Palette)? {
            guard let path else { return nil }
            let (palette, digest) = try read(path: path)
            return (
                palette,
                Sidecar.Palette(
                    origin: .file, path: PreparedEngine.absolute(path), sha256: digest, images: palette.images)
            )
        }
        let training = try named(profile.palette)
        var captures = try named(profile.capturePalette)
        if captures == nil, let learned {
            captures = (
                learned,
                Sidecar.Palette(
                    origin: .inputs, sha256: FileDigest.sha256(try learned.encoded()), images: learned.images)
            )
        }
        return (
            LabPalettes(training: training?.palette, captures: captures?.palette),
            Sidecar.Palettes(
                training: training?.described
                    ?? Sidecar.Palette(origin: .references, images: profile.references.count),
                captures: captures?.described ?? Sidecar.Palette(origin: .capture, images: 1))
        )
    }
}
