import Foundation

/// The real smears and weights that some tests need and that are not part of the repository.
///
/// They lie in a folder `shared` beside the checkout. Where `CI=true` a test that needs them runs and fails if they
/// are missing; elsewhere it is skipped with a reason.
public enum SharedFiles {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("shared")

    public static var data: URL { root.appendingPathComponent("data") }

    public static var models: URL {
        ProcessInfo.processInfo.environment["NCTD_MODELS"].map { URL(fileURLWithPath: $0) }
            ?? root.appendingPathComponent("models")
    }

    public static var vgg19Weights: URL { models.appendingPathComponent("vgg19-features.safetensors") }
    public static var referenceActivations: URL {
        models.appendingPathComponent("vgg19-reference-activations.safetensors")
    }

    private static var isCI: Bool { ProcessInfo.processInfo.environment["CI"] == "true" }

    /// For `.enabled(if:)`: true where the weights are there, and in CI in any case.
    public static var modelsExpected: Bool { isCI || FileManager.default.fileExists(atPath: vgg19Weights.path) }
    /// For `.enabled(if:)`: true where the smears are there, and in CI in any case.
    public static var dataExpected: Bool { isCI || FileManager.default.fileExists(atPath: data.path) }

    public static let modelsReason: String =
        "skipped: no VGG-19 weights (set NCTD_MODELS to the folder that holds them)"
    public static let dataReason: String = "skipped: no real smears in the folder shared/data beside the checkout"

    /// The image files of one lab's part ("lab-a/train"), sorted by name.
    public static func images(of part: String) throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: data.appendingPathComponent(part).appendingPathComponent("images"), includingPropertiesForKeys: nil
        ).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    /// The class of each box that a YOLO label file gives an image: 0 white cell, 1 red cell, 2 platelet.
    public static func boxClasses(of image: URL) throws -> [Int] {
        let labels = image.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("labels")
        let name = image.deletingPathExtension().appendingPathExtension("txt").lastPathComponent
        return try String(contentsOf: labels.appendingPathComponent(name), encoding: .utf8)
            .split(whereSeparator: \.isNewline).compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    }
}
