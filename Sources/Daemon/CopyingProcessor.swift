import Config
import Foundation
import ImageFiles
import Jobs
import NCTEngine

/// Stands in for the engine in tests of everything else: the result is the capture as it is, encoded anew.
///
/// The daemon uses it only where `NCTD_TEST_ENGINE=copy` (or `copy:held`) is set, and says so; its sidecars name the extractor
/// `copy-for-tests`.
public struct CopyingProcessor: CaptureProcessor {
    public let profile: Profile
    public let identity: EngineIdentity
    private let template: Sidecar
    /// Holds back a third of the captures, by their digests.
    private let isHolding: Bool

    public init(profile: Profile, holding: Bool = false) throws {
        self.profile = profile
        isHolding = holding
        identity = .fixed(FileDigest.sha256(Array("copy \(profile.name) \(profile.text)".utf8)))
        template = try Sidecar(json: Array(Self.json.utf8))
    }

    public func render(
        _ file: ImageFile, source: Sidecar.Source, format: ImageFormat, stopwatch: Stopwatch,
        target: (Sidecar.Delivery) -> String
    ) throws -> RenderedCapture {
        var stopwatch = stopwatch
        let image = try ImageWriter.encode(file, options: ImageWriteOptions(format: format, bitDepth: 8))
        stopwatch.lap("encoding")
        var sidecar = template
        sidecar.createdAt = Timestamp.text(Date())
        sidecar.host = Host.name
        sidecar.engineVersion = EngineVersion.current
        sidecar.source = source
        sidecar.parameters = Sidecar.MethodParameters(profile.parameters)
        sidecar.timingsMs = stopwatch.milliseconds
        let isHeld = isHolding && (source.sha256.utf8.first.map { $0 < UInt8(ascii: "5") } ?? false)
        sidecar.verdict.delivery = isHeld ? .held : .delivered
        sidecar.output.path = target(sidecar.verdict.delivery)
        sidecar.output.bytes = image.count
        sidecar.output.sha256 = FileDigest.sha256(image)
        sidecar.output.format = format.rawValue
        return RenderedCapture(image: image, sidecar: sidecar)
    }

    private static let json = """
        {"schema_version": 1, "created_at": "", "host": "", "engine_version": "", "method": "color-transfer",
         "source": {"path": "", "bytes": 1, "sha256": "", "width": 1, "height": 1, "format": "png", "bit_depth": 8},
         "references": [{"path": "none", "sha256": "\(String(repeating: "0", count: 64))"}],
         "reference_choice": {"use": "all", "reason": "no reference was used", "distances": []},
         "parameters": {},
         "seed": 0,
         "features": {"extractor": "copy-for-tests", "sha256": "\(String(repeating: "0", count: 64))"},
         "quality": {"structural_similarity": 1, "palette_distance_before": 0, "palette_distance_after": 0,
           "clipped_share": 0, "confidence": 1, "treatment": "unchanged", "transfer_strength": 0,
           "field": {"foreground_share": 0, "nucleus_share": 0, "focus": 0, "edge_share": 0, "edge_alignment": 0,
             "roughness": 0, "stained_share": 0, "largest_nucleus": 0, "is_blank": false, "has_white_cells": true,
             "is_in_focus": true, "is_smear": true}},
         "verdict": {"value": "doubtful", "findings": [], "delivery": "delivered"},
         "timings_ms": {},
         "output": {"path": "", "bytes": 1, "sha256": "", "format": "png", "bit_depth": 8},
         "warnings": ["made by a stand-in for the engine in a test"]}
        """
}

/// Gives the stand-in for every profile.
public struct CopyingShelf: ProcessorSource {
    private let isHolding: Bool

    public init(holding: Bool = false) { isHolding = holding }

    /// Nil unless the environment asks for it.
    public init?(environment: [String: String]) {
        switch environment["NCTD_TEST_ENGINE"] {
        case "copy": self.init()
        case "copy:held": self.init(holding: true)
        default: return nil
        }
    }

    func processor(_ profile: Profile) throws -> CopyingProcessor {
        try CopyingProcessor(profile: profile, holding: isHolding)
    }

    public func processor(for profile: Profile) async throws -> any CaptureProcessor { try processor(profile) }
}
