import CheckedArithmetic
import Config
import ImageFiles
import NCTEngine

/// What memory a capture takes while it is worked on, estimated from its header and its profile before anything is allocated
/// for it. The estimate is to be too high rather than too low; `CaptureMemoryTests` hold it against what the program takes.
public struct CaptureMemory: Sendable {
    /// What the engine holds for each pixel of the tile that it is at …
    private let tilePerPixel: Int
    /// … of so many pixels at the most.
    private let tilePixels: Int
    /// Of the whole frame, for each pixel: the capture, what it is aligned to, and the result, as floats.
    private var framePerPixel = 40
    /// What the measured took beside all that is named here, with a margin.
    private static let surplusPerPixel = 36
    /// The capture and the result as floats with alpha, while the result is encoded.
    private static let encodingPerPixel = 28
    /// Beside all that.
    private static let base = 48 << 20

    /// Of an image that is only looked at, at full size.
    static let ofLook = CaptureMemory(tilePerPixel: 40, tilePixels: .max)

    private init(tilePerPixel: Int, tilePixels: Int) {
        self.tilePerPixel = tilePerPixel
        self.tilePixels = tilePixels
    }

    /// - Parameter usesVGG: its features come from VGG-19.
    public init(_ profile: Profile, usingVGG usesVGG: Bool) {
        let parameters = profile.parameters
        guard profile.method.usesFeatures else {
            // What a baseline holds, it holds of the whole frame.
            (tilePerPixel, tilePixels) = (40, .max)
            return
        }
        let levels: [Int]
        switch parameters.levels {
        case .joint(let list): levels = list
        case .progressive:
            levels = [1, 2, 3, 4, 5]
            // The step before, and each tile's field.
            framePerPixel += 16  // bounded: two constants
        }
        tilePixels = parameters.pixelsAtOnce
        // Measured; the finest level has the most of it, and each further one adds its own features.
        let finest = levels.min() == 1 ? (usesVGG ? 330 : 185) : (usesVGG ? 170 : 95)
        // bounded: there are five levels
        tilePerPixel = finest + (levels.count - 1) * (usesVGG ? 100 : 130)
    }

    /// As its settings say, where its weights are found if it names none.
    ///
    /// - Parameter weights: for a profile that names none; nil searches the usual places.
    public init(_ profile: Profile, weights: String?) {
        let found = try? FeatureSource.weights(profile.features, configured: profile.weights ?? weights)
        self.init(profile, usingVGG: found != nil)
    }

    /// Bytes; nil where they are more than can be counted.
    ///
    /// - Parameters:
    ///   - header: nil for a file whose header cannot be read: it fails before it is decoded.
    ///   - fileBytes: the file itself, which is held whole.
    public func bytes(_ header: ImageHeader?, fileBytes: Int) -> Int? {
        guard let header else { return fileBytes +? Self.base }
        let pixels = header.width *? header.height
        let decoding = header.decodingBytesPerPixel
        // A result has the samples of the capture, and the file that they are encoded to as many bytes again, twice while
        // it grows.
        let perPixel = max(
            framePerPixel, decoding + 16, Self.encodingPerPixel + 3 * min(decoding, 8))  // bounded: at most 56 or 80
        return fileBytes +? Self.base +? pixels *? perPixel +? pixels *? Self.surplusPerPixel
            +? (pixels.map { min($0, tilePixels) } *? tilePerPixel)
    }
}
