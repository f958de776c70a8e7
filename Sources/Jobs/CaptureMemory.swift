import CheckedArithmetic
import ImageFiles

/// What memory a capture takes while it is worked on, estimated from its header before anything is allocated for it.
/// The estimate is to be too high rather than too low; docs/performance.md holds it against what was measured.
public enum CaptureMemory {
    /// The capture and its result as floats, with alpha, and what encoding holds.
    private static let framePerPixel = 40
    /// What the engine holds for each pixel of the tile that it is at …
    private static let tilePerPixel = 200
    /// … of so many pixels at the most.
    private static let tilePixels = 4 << 20
    /// Beside all that.
    private static let base = 64 << 20

    /// Bytes; nil where they are more than can be counted.
    ///
    /// - Parameters:
    ///   - header: nil for a file whose header cannot be read: it fails before it is decoded.
    ///   - fileBytes: the file itself, which is held whole.
    public static func bytes(_ header: ImageHeader?, fileBytes: Int) -> Int? {
        guard let header else { return fileBytes +? base }
        let pixels = header.width *? header.height
        let frame = pixels *? (header.decodingBytesPerPixel +? framePerPixel)
        return fileBytes +? base +? frame +? (pixels.map { min($0, tilePixels) } *? tilePerPixel)
    }
}
