import Config
import Foundation
import ImageFiles
import NCTEngine

/// Where the features come from: VGG-19's weights, or the program's own network.
public struct FeatureSource: Sendable {
    public let extractor: any FeatureExtractor
    /// The weights' file, nil for the program's own network.
    public let weights: String?

    /// The file's name below each of the places that are searched.
    public static let weightsName = "vgg19-features.safetensors"

    /// Loads what the settings ask for.
    ///
    /// - Parameters:
    ///   - kind: the network that is asked for.
    ///   - configured: the file that an option or a profile names; nil searches ``places(environment:)``.
    ///   - level: the deepest level that will be asked for.
    ///
    /// Throws ``JobFailure`` if a named file is missing, or if the weights are damaged. Weights that were not named and
    /// are nowhere are an error only where VGG-19 is asked for by name; else the program's own network serves.
    public static func load(
        _ kind: FeatureKind = .automatic, configured: String?, upToLevel level: Int,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> FeatureSource {
        guard let file = try weights(kind, configured: configured, environment: environment) else {
            return FeatureSource(extractor: SmearNet.embedded, weights: nil)
        }
        return try vgg19(file, upToLevel: level)
    }

    /// The file of VGG-19's weights that ``load(_:configured:upToLevel:environment:)`` loads; nil where the program's own
    /// network serves. Throws as that does, but for weights that are damaged.
    public static func weights(
        _ kind: FeatureKind, configured: String?, environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws -> String? {
        if kind == .smearnet { return nil }
        if let configured {
            guard FileManager.default.fileExists(atPath: configured) else {
                throw JobFailure(
                    file: configured, cause: "there is no such weights file",
                    remedy: "correct the name, or leave it out to search the usual places")
            }
            return configured
        }
        let candidates = places(environment: environment)
        if let found = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) {
            return found
        }
        guard kind == .automatic else {
            throw JobFailure(
                .setting("features", "vgg19"),
                cause: "no VGG-19 weights found (looked for \(candidates.joined(separator: ", ")))",
                remedy: "name the weights with --weights, or use the built-in network with --features smearnet")
        }
        return nil
    }

    /// That weights were looked for where `$NCTD_MODELS` says and are not there, so that another network or another file
    /// serves than somebody may expect; nil where nothing is amiss.
    public static func notice(
        _ kind: FeatureKind, configured: String?, used: String?,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) -> String? {
        guard kind != .smearnet, configured == nil, let folder = environment["NCTD_MODELS"], !folder.isEmpty,
            used?.hasPrefix(folder) != true
        else { return nil }
        return "NCTD_MODELS is \(folder), where there is no \(weightsName): "
            + (used.map { "\($0) serves" } ?? "the built-in network serves, whose results differ from VGG-19's")
    }

    /// The files that are searched, in order: `$NCTD_MODELS/vgg19-features.safetensors`, then the same name below
    /// `/usr/share/nctd/models`.
    public static func places(environment: [String: String]) -> [String] {
        let folders = [environment["NCTD_MODELS"], "/usr/share/nctd/models"]
        return folders.compactMap { $0 }.filter { !$0.isEmpty }
            .map { ($0 as NSString).appendingPathComponent(weightsName) }
    }

    private static func vgg19(_ path: String, upToLevel level: Int) throws -> FeatureSource {
        do {
            let bytes = try InputFile.read(path: path, limits: .files)
            let network = try VGG19(weights: bytes, upToLevel: level)
            return FeatureSource(extractor: network, weights: path)
        } catch {
            throw JobFailure(error, file: path)
        }
    }
}

extension NormalizationParameters {
    /// The deepest level that the features are needed at.
    public var deepestLevel: Int {
        switch levels {
        case .joint(let list): list.max() ?? 1
        case .progressive: 5
        }
    }
}
