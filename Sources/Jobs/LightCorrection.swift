import Config
import ImageFiles
import NCTEngine

/// What is done about the light of captures before a method sees them.
public enum LightCorrection: Sendable, Equatable {
    /// Nothing.
    case none
    /// The light of each capture by itself, where it is clearly uneven and enough background is seen.
    case capture
    /// A light that the profile names; captures must have its proportions.
    case named(KnownLight)
    /// Lights that were learned from the captures of a run, for captures of their proportions; others have their own.
    case learned([KnownLight])

    /// Reads the file that the choice names. `auto` begins as ``capture``; whoever has many captures may learn from them.
    ///
    /// Throws ``JobFailure``.
    public init(_ choice: FlatFieldChoice, workers: Workers) throws {
        switch choice {
        case .automatic, .capture: self = .capture
        case .none: self = .none
        case .file(let path): self = .named(try KnownLight(reading: path, workers: workers))
        }
    }

    /// What decides about the bytes of results.
    public var fingerprint: String {
        switch self {
        case .none: "none"
        case .capture: "capture"
        case .named(let light): light.sha256
        case .learned(let lights): lights.map(\.sha256).joined(separator: " ")
        }
    }

    /// A capture under even light.
    public struct Corrected: Sendable {
        public var image: RGBImage
        /// What it was divided by; nil where nothing was done.
        public var field: FlatField?
        /// For the sidecar; nil where there was nothing to consider.
        public var record: Sidecar.FlatField?
    }

    /// Divides a capture by its light, where that is known and clearly uneven; else the capture is the same, bit by bit.
    ///
    /// What of the capture is no data (`ValidArea`) stays as it is, and tells nothing of its light.
    ///
    /// Throws `EngineError` for a capture that does not have the proportions of a named light.
    public func corrected(_ image: RGBImage, workers: Workers) throws -> Corrected {
        guard self != .none, let area = ValidArea(of: image, workers: workers) else {
            return try corrected(image, byLightOf: image, workers: workers)
        }
        let dark = area.darkened(image)
        var corrected: Corrected
        if self == .capture {
            corrected = Self.byItself(
                image.cropped(to: area.bounds), lightOf: dark.cropped(to: area.bounds), workers: workers)
        } else {
            corrected = try self.corrected(image, byLightOf: dark, workers: workers)
            corrected.image = corrected.image.cropped(to: area.bounds)
        }
        corrected.image = area.restored(corrected.image, in: image)
        return corrected
    }

    /// - Parameter seen: the capture as far as it tells of its light.
    private func corrected(_ image: RGBImage, byLightOf seen: RGBImage, workers: Workers) throws -> Corrected {
        switch self {
        case .none:
            return Corrected(image: image)
        case .capture:
            return Self.byItself(image, lightOf: seen, workers: workers)
        case .named(let light):
            guard light.field.fits(width: image.width, height: image.height) else {
                throw EngineError(
                    .invalidFlatField,
                    "the flat field \(light.path ?? "") belongs to captures of \(light.field.captureWidth)×"
                        + "\(light.field.captureHeight) pixels, and this one of \(image.width)×\(image.height) has "
                        + "other proportions",
                    remedy: "learn one from captures like this with `nctd profile flat-field`, or use flat_field = "
                        + "\"none\"")
            }
            return Self.divided(image, by: light, seen: seen, workers: workers)
        case .learned(let lights):
            guard let light = lights.first(where: { $0.field.fits(width: image.width, height: image.height) }) else {
                return Self.byItself(image, lightOf: seen, workers: workers)
            }
            return Self.divided(image, by: light, seen: seen, workers: workers)
        }
    }

    private static func byItself(_ image: RGBImage, lightOf seen: RGBImage, workers: Workers) -> Corrected {
        guard let grid = LightGrid(seen, workers: workers),
            let field = FlatFieldEstimator.estimate(of: grid, workers: workers), field.isUneven
        else { return Corrected(image: image) }
        return Corrected(
            image: field.applied(to: image, workers: workers), field: field,
            record: Sidecar.FlatField(field, source: .capture, path: nil, sha256: nil, applied: true))
    }

    private static func divided(
        _ image: RGBImage, by light: KnownLight, seen: RGBImage, workers: Workers
    ) -> Corrected {
        func record(_ field: FlatField, applied: Bool) -> Sidecar.FlatField {
            Sidecar.FlatField(field, source: light.source, path: light.path, sha256: light.sha256, applied: applied)
        }
        guard light.field.isUneven else {
            return Corrected(image: image, record: record(light.field, applied: false))
        }
        let field = LightGrid(seen, workers: workers).map { light.field.adapted(to: $0) } ?? light.field
        return Corrected(
            image: field.applied(to: image, workers: workers), field: field, record: record(field, applied: true))
    }
}

extension Sidecar.FlatField {
    init(_ field: FlatField, source: Source, path: String?, sha256: String?, applied: Bool) {
        self.init(
            source: source, path: path, sha256: sha256, applied: applied, captures: field.captures,
            ratio: field.ratio, error: field.error)
    }
}
