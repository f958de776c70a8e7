import ImageFiles
import NCTEngine

/// All that decides what becomes of a capture besides its bytes: profile, references, features, engine version, and what
/// was learned of the lab that it comes from. What is known of an engine without having it at hand.
public enum EngineIdentity: Sendable, Equatable, Codable {
    /// One that nothing learned changes.
    case fixed(String)
    case engine(Parts)

    public struct Parts: Sendable, Equatable, Codable {
        /// What no learning changes, before the light.
        var settings: [String]
        var light: String
        var references: [String]
        var trainingPalette: String
        var capturePalette: String
        /// What was learned counts for it.
        var takesPalette: Bool
        var takesLight: Bool
    }

    public var fingerprint: String {
        switch self {
        case .fixed(let fingerprint): return fingerprint
        case .engine(let engine):
            let parts =
                engine.settings + [engine.light] + engine.references + [engine.trainingPalette, engine.capturePalette]
            // Lengths keep two lists from running together into one text.
            return FileDigest.sha256(Array(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
        }
    }

    /// The same engine's, going by what was learned of the lab that captures come from.
    public func adapted(to learned: LearnedColors) -> EngineIdentity {
        guard case .engine(var engine) = self else { return self }
        if let palette = learned.palette, engine.takesPalette { engine.capturePalette = palette.sha256 }
        if !learned.lights.isEmpty, engine.takesLight {
            engine.light = LightCorrection.learned(learned.lights).fingerprint
        }
        return .engine(engine)
    }
}

extension PreparedEngine {
    public var identity: EngineIdentity {
        .engine(
            EngineIdentity.Parts(
                settings: [
                    profile.name, profile.text, profile.belowThreshold.rawValue, features?.sha256 ?? "",
                    EngineVersion.current,
                ],
                light: light.fingerprint, references: references.map(\.sha256),
                trainingPalette: palettes?.training.sha256 ?? "", capturePalette: palettes?.captures.sha256 ?? "",
                takesPalette: takesPalette, takesLight: profile.learnsLight))
    }

    /// Whether it goes by a palette that was learned of the captures' lab.
    var takesPalette: Bool { profile.learnsPalette && palettes != nil }
}

/// SHA-256 over a capture's digest, its engine's fingerprint and the output's format: the same identity gives the same
/// image, bit by bit.
public enum CaptureIdentity {
    public static func of(digest: String, fingerprint: String, format: ImageFormat) -> String {
        FileDigest.sha256(Array("\(digest) \(fingerprint) \(format.rawValue)".utf8))
    }
}

extension PreparedEngine {
    /// The same of a capture that a person has normalized, whose options may have overruled the profile.
    ///
    /// - Parameter page: of a capture that has several; nil as the profile says.
    func identity(ofCapture digest: String, page: Int?, format: ImageFormat) throws -> String {
        let parameters = try JSONText.encodeLine(Sidecar.MethodParameters(profile))
        let parts = [
            identity.fingerprint, profile.method.rawValue, "\(profile.parameters.seed)", "\(page ?? 0)",
            String(decoding: parameters, as: UTF8.self),
        ]
        let fingerprint = FileDigest.sha256(Array(parts.map { "\($0.utf8.count):\($0)" }.joined().utf8))
        return CaptureIdentity.of(digest: digest, fingerprint: fingerprint, format: format)
    }
}
